import type { AgentEvent, Tokens } from '../messages/agent-event.js';
import { admitsDefeat } from './claims.js';
import { commandOf, coversPath, startsCommand } from './constraints.js';
import { observeAction, observeInterruption, observeUser } from './context.js';
import { endedForWant, meansGivingUp } from './ending.js';
import { learnFrom, learnIfOnGoal, observeFocus, restartFocus } from './focus.js';
import { observeLine } from './novelty.js';
import { asksPermission } from './permission.js';
import { observeGap } from './rhythm.js';
import { callStep, errorStep, keptKey, messageStep, type Step, settle } from './step.js';
import { detach, oneLine } from './text.js';
import { restart, type Trajectory } from './trajectory-state.js';

const MAX_EDITED = 50;
const MAX_BREACHES = 32;
/** End of a message that is kept, to see whether it asks something. */
const TAIL_LENGTH = 400;
const FINISH_LENGTH = 1000;

export { type Assignment, createTrajectory, type LastEvent, type Trajectory } from './trajectory-state.js';

/**
 * Folds the next event in. Cost follows the event, not the trajectory. At the first event of a new session the agent
 * starts afresh: what it did, was told and spent in the one before says nothing about this one.
 */
export function observe(trajectory: Trajectory, event: AgentEvent): void {
  if (event.session !== undefined) restart(trajectory);
  if (trajectory.eventCount === trajectory.since) trajectory.sidechain = event.sidechain === true;
  trajectory.eventCount++;
  if (event.tokens !== undefined) addTokens(trajectory.tokens, event.tokens);
  observeTime(trajectory, event);
  if (event.kind !== 'usage') trajectory.prompt = undefined;
  dispatch(trajectory, event);
  if (event.turnEnded === true) trajectory.turnEnded = true;
  else if (event.kind !== 'usage' && event.kind !== 'system') trajectory.turnEnded = false;
  if (event.ended !== undefined) observeEnd(trajectory, event.ended, event.index);
}

function dispatch(trajectory: Trajectory, event: AgentEvent): void {
  if (event.kind === 'tool_call') observeCall(trajectory, event);
  else if (event.kind === 'tool_result') observeResult(trajectory, event);
  else if (event.kind === 'error') observeError(trajectory, event);
  else if (event.kind === 'thought') observeThought(trajectory, event);
  else if (event.kind === 'system') observeSystem(trajectory, event);
  else if (event.kind === 'message' && event.role === 'user') observePerson(trajectory, event);
  else if (event.kind === 'message') observeMessage(trajectory, event);
}

function observeThought(trajectory: Trajectory, event: AgentEvent): void {
  learnIfOnGoal(trajectory.focus, event.text ?? '', trajectory.context.goalWords);
  trajectory.last = 'thought';
}

function observeSystem(trajectory: Trajectory, event: AgentEvent): void {
  const text = event.text ?? '';
  observeLine(trajectory.novelty, text);
  if (event.role !== 'user') observePrompt(trajectory, text, event.index);
  if (event.role === 'user' && observeInterruption(trajectory.context, text)) trajectory.last = 'user';
  if (trajectory.last === 'none') trajectory.last = 'other';
}

function observePrompt(trajectory: Trajectory, text: string, index: number): void {
  if (asksPermission(text)) trajectory.prompt = { index, text: oneLine(text.slice(-200), 120) };
}

/** Sidechain events run beside the main line, unless the whole log is one. */
function isBeside(trajectory: Trajectory, event: AgentEvent): boolean {
  return event.sidechain === true && !trajectory.sidechain;
}

function around(trajectory: Trajectory, event: AgentEvent) {
  return {
    turn: trajectory.context.turn,
    novelty: trajectory.novelty.count,
    side: isBeside(trajectory, event),
  };
}

function observePerson(trajectory: Trajectory, event: AgentEvent): void {
  if (isBeside(trajectory, event)) return; // an order to a sub-agent
  const { context } = trajectory;
  const turn = context.turn;
  const atRest = context.interrupted || trajectory.last === 'message';
  observeUser(context, event.text ?? '', event.index, atRest);
  if (context.turn !== turn) {
    restartFocus(trajectory.focus);
    trajectory.gaveUp = undefined;
  }
  if (context.lastUserIndex === event.index || context.interrupted) trajectory.last = 'user';
}

function observeMessage(trajectory: Trajectory, event: AgentEvent): void {
  const text = event.text ?? '';
  observeLine(trajectory.novelty, text);
  if (event.role !== 'assistant') return;
  observePrompt(trajectory, text, event.index);
  push(trajectory, messageStep(event, around(trajectory, event)));
  learnIfOnGoal(trajectory.focus, text, trajectory.context.goalWords);
  if (isBeside(trajectory, event)) return;
  // Some models send an empty message ahead of a call; it ends no turn.
  trajectory.last = text.trim() === '' ? 'thought' : 'message';
  if (text.trim() === '') return;
  trajectory.context.interrupted = false;
  trajectory.lastMessageIndex = event.index;
  trajectory.lastMessageTail = detach(text.trimEnd().slice(-TAIL_LENGTH));
  trajectory.lastMessageHead = detach(text.trimStart().slice(0, TAIL_LENGTH));
}

function observeCall(trajectory: Trajectory, event: AgentEvent): void {
  const step = callStep(event, around(trajectory, event));
  step.breach = breachedBy(trajectory, step, event.input ?? '');
  observeFocus(
    trajectory.focus,
    step,
    trajectory.context.goalWords,
    step.action === 'edit' ? (event.input ?? '') : '',
  );
  observeAction(trajectory.context, step.action);
  if (step.paths[0] !== undefined) trajectory.context.lastFile = step.paths[0];
  trajectory.context.ended = undefined;
  trajectory.context.interrupted = false;
  trajectory.calls++;
  trajectory.last = 'call';
  if (step.action === 'finish') {
    trajectory.finish = { index: event.index, text: detach((event.input ?? '').slice(0, FINISH_LENGTH)) };
    if (admitsDefeat(trajectory.finish.text))
      giveUp(trajectory, event.index, `ended by saying: ${step.label}`);
  }
  push(trajectory, step);
}

function observeResult(trajectory: Trajectory, event: AgentEvent): void {
  const step = openCall(trajectory, event.callId);
  trajectory.last = 'result';
  if (step === undefined) return;
  settle(step, event);
  if (step.rejected) {
    // A person stepped in, and the agent may be waiting for what they say next.
    trajectory.context.turn++;
    trajectory.context.interrupted = true;
    return;
  }
  if (step.failed) {
    trajectory.failures++;
    return;
  }
  if (step.sure) learnFrom(trajectory.focus, event.output ?? '');
  if (step.breach !== undefined) {
    const breach = { index: step.index, constraint: step.breach, done: step.label };
    trajectory.breaches = [...trajectory.breaches, breach].slice(-MAX_BREACHES);
  }
  if (step.action === 'edit') observeEdit(trajectory, step);
}

function observeEdit(trajectory: Trajectory, step: Step): void {
  trajectory.context.edits++;
  const others = trajectory.edited.filter((path) => !step.paths.includes(path));
  trajectory.edited = [...others, ...new Set(step.paths)].slice(-MAX_EDITED);
}

function observeError(trajectory: Trajectory, event: AgentEvent): void {
  const step = errorStep(event, around(trajectory, event));
  push(trajectory, step);
  trajectory.last = 'error';
  if (meansGivingUp(event.text ?? '')) giveUp(trajectory, event.index, step.label);
}

function observeEnd(trajectory: Trajectory, ended: string, index: number): void {
  trajectory.context.ended = oneLine(ended, 80);
  if (endedForWant(ended)) giveUp(trajectory, index, `ended: ${oneLine(ended, 80)}`);
}

function giveUp(trajectory: Trajectory, index: number, text: string): void {
  trajectory.gaveUp = { index, calls: trajectory.calls, text };
}

/** The call a result answers: by id, else the latest that has none. */
function openCall(trajectory: Trajectory, callId: string | undefined): Step | undefined {
  const { steps } = trajectory;
  const wanted = callId === undefined ? undefined : keptKey(callId);
  for (let i = steps.length - 1; i >= 0; i--) {
    const step = steps[i];
    if (step === undefined || step.kind !== 'call') continue;
    if (wanted === undefined ? step.result < 0 : step.callId === wanted) return step;
  }
  return undefined;
}

/** The standing constraint that a call would break, by its text. */
function breachedBy(trajectory: Trajectory, step: Step, input: string): string | undefined {
  for (const { text, forbids } of trajectory.context.constraints) {
    if (forbids === undefined) continue;
    const broken =
      forbids.what === 'edit'
        ? step.action === 'edit' && step.paths.some((path) => coversPath(forbids.target, path))
        : step.action === 'run' && startsCommand(forbids.target, commandOf(input));
    if (broken) return text;
  }
  return undefined;
}

function push(trajectory: Trajectory, step: Step): void {
  trajectory.steps.push(step);
  if (trajectory.steps.length > trajectory.window) trajectory.steps.shift();
}

function observeTime(trajectory: Trajectory, event: AgentEvent): void {
  const { at } = event;
  if (at === null || !Number.isFinite(at)) return;
  trajectory.firstAt ??= at;
  if (trajectory.lastAt !== null && !isPersonsTime(trajectory, event)) {
    observeGap(trajectory.rhythm, Math.max(0, at - trajectory.lastAt));
  }
  trajectory.lastAt = Math.max(trajectory.lastAt ?? at, at);
}

/** Whether the agent waited for a person up to this event. */
function isPersonsTime(trajectory: Trajectory, event: AgentEvent): boolean {
  if (event.role === 'user' && event.kind === 'message') return true;
  if (event.kind !== 'tool_result') return false;
  return event.rejected === true || openCall(trajectory, event.callId)?.action === 'ask';
}

function addTokens(sum: Tokens, more: Tokens): void {
  sum.input += more.input;
  sum.output += more.output;
  if (more.cacheRead !== undefined) sum.cacheRead = (sum.cacheRead ?? 0) + more.cacheRead;
  if (more.cacheWrite !== undefined) sum.cacheWrite = (sum.cacheWrite ?? 0) + more.cacheWrite;
  if (more.cost !== undefined) sum.cost = (sum.cost ?? 0) + more.cost;
}
