import type { ActionClass } from '../messages/agent-event.js';
import type { Phase } from '../messages/analysis.js';
import { type Constraint, toConstraint, updateConstraints } from './constraints.js';
import { cleanGoal } from './goal.js';
import { hash32 } from './hash.js';
import { lastFileIn } from './references.js';
import { subGoalsOf } from './sub-goals.js';
import { detach } from './text.js';
import { contentWords, wordHashes } from './words.js';

const MAX_GOAL_WORDS = 256;
const MAX_LATER = 8;
const MAX_SUB_GOALS = 24;
const RECENT_ACTIONS = 8;

/**
 * What the conversation as a whole asks for: goal, later instructions and standing constraints, gathered event by event,
 * and the phase the agent is in.
 */
export interface Context {
  /** Whole goal text, bounded. Empty until known. */
  goal: string;
  /** Given from outside: what the log says refines it but does not replace it. */
  readonly goalGiven: boolean;
  /** Hashes of the content words of the goal and of everything asked later. */
  readonly goalWords: Set<number>;
  /** What was asked after the first message, latest last. */
  later: readonly string[];
  /** What the person listed one by one, in the goal and in what was asked later; latest last. */
  subGoals: readonly string[];
  constraints: readonly Constraint[];
  /** The file that was named or worked on last: what "it" and "that file" mean. */
  lastFile: string | undefined;
  /** Counts what the person said; the same words again (an automatic "continue") do not count. */
  turn: number;
  lastUserText: number;
  /** Event index of the person's latest message; -1 before any. */
  lastUserIndex: number;
  /** The person stopped the agent with that message and has not asked for anything since. */
  interrupted: boolean;
  /** Classes of the latest actions, latest last. */
  recent: ActionClass[];
  /** Edits that succeeded. */
  edits: number;
  /** The session's own word on its end. */
  ended: string | undefined;
}

export function createContext(goal: string | undefined, constraints: readonly string[]): Context {
  const context: Context = {
    goal: '',
    goalGiven: goal !== undefined && goal.trim() !== '',
    goalWords: new Set(),
    later: [],
    subGoals: [],
    constraints: constraints.map((text) => toConstraint(text, -1)),
    lastFile: undefined,
    turn: 0,
    lastUserText: 0,
    lastUserIndex: -1,
    interrupted: false,
    recent: [],
    edits: 0,
    ended: undefined,
  };
  if (goal !== undefined && context.goalGiven) setGoal(context, goal);
  return context;
}

const INTERRUPTION = /^(?:\[request interrupted by user|turn aborted: interrupted)/i;
/** Records that clients write in the person's name. */
const NOT_A_PERSON =
  /^\s*<(task-notification|local-command|command-name|system-reminder|bash-(?:stdout|input))/;
/** A summary that stands in for earlier messages restates instructions; it gives none. */
const CONTINUATION = /^this session is being continued from a previous conversation/i;

/** Takes in something the person said. `atRest`: the agent had finished its turn before. */
export function observeUser(context: Context, text: string, index: number, atRest: boolean): void {
  const said = text.trim();
  if (said === '' || NOT_A_PERSON.test(said)) return;
  if (observeInterruption(context, said)) return;
  const identity = hash32(said.slice(0, 2000));
  if (identity !== context.lastUserText) context.turn++;
  context.lastUserText = identity;
  context.lastUserIndex = index;
  context.interrupted = false;
  context.ended = undefined;
  context.constraints = updateConstraints(context.constraints, said, index, context.lastFile);
  context.lastFile = lastFileIn(said) ?? context.lastFile;
  if (context.goal === '') setGoal(context, said);
  else if (!CONTINUATION.test(said)) refine(context, said, atRest);
}

/** Takes in that the person stopped the agent, which clients write as a message or as a record of their own. */
export function observeInterruption(context: Context, text: string): boolean {
  if (!INTERRUPTION.test(text.trim())) return false;
  context.interrupted = true;
  context.turn++;
  return true;
}

function setGoal(context: Context, text: string): void {
  context.goal = cleanGoal(text);
  context.subGoals = subGoalsOf(context.goal);
  learnGoalWords(context, context.goal);
}

function learnGoalWords(context: Context, text: string): void {
  for (const word of wordHashes(text, MAX_GOAL_WORDS)) {
    if (context.goalWords.size < MAX_GOAL_WORDS) context.goalWords.add(word);
  }
}

/**
 * A later instruction: its words join the goal's. It becomes the goal itself when it comes after the agent had finished
 * and is about something else altogether; short answers ("yes", "go on") never do.
 */
function refine(context: Context, said: string, atRest: boolean): void {
  const words = contentWords(said, MAX_GOAL_WORDS);
  const known = words.filter((word) => context.goalWords.has(hash32(word))).length;
  learnGoalWords(context, said);
  context.later = [...context.later, detach(said.slice(0, 300))].slice(-MAX_LATER);
  const newTask = words.length >= 4 && known === 0 && atRest;
  const listed = subGoalsOf(said);
  if (newTask && !context.goalGiven) {
    context.goal = cleanGoal(said);
    context.subGoals = listed;
  } else context.subGoals = [...context.subGoals, ...listed].slice(-MAX_SUB_GOALS);
}

export function observeAction(context: Context, action: ActionClass): void {
  context.recent.push(action);
  if (context.recent.length > RECENT_ACTIONS) context.recent.shift();
}

/** The phase, from what the latest actions do; the last ones count most. */
export function phaseOf(context: Context, finished: boolean): Phase {
  if (finished) return 'finished';
  const recent = context.recent.filter((action) => action !== 'other' && action !== 'ask');
  if (recent.length === 0) return 'starting';
  const weights: Record<Phase, number> = {
    starting: 0,
    exploring: 0,
    planning: 0,
    implementing: 0,
    verifying: 0,
    finished: 0,
  };
  recent.forEach((action, place) => {
    weights[phaseOfAction(action, context.edits > 0)] += place + 1;
  });
  return (Object.keys(weights) as Phase[]).reduce((best, phase) =>
    weights[phase] > weights[best] ? phase : best,
  );
}

/** A command run before anything was edited looks around; after an edit it checks the work. */
function phaseOfAction(action: ActionClass, edited: boolean): Phase {
  switch (action) {
    case 'edit':
      return 'implementing';
    case 'plan':
    case 'ask':
      return 'planning';
    case 'run':
    case 'poll':
    case 'finish':
      return edited ? 'verifying' : 'exploring';
    default:
      return 'exploring';
  }
}
