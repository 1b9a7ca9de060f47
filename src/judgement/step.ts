import type { ActionClass, AgentEvent } from '../messages/agent-event.js';
import { plainCommand } from './command.js';
import { commandOf } from './constraints.js';
import { hash32 } from './hash.js';
import { detach, lastLine, normalised, oneLine } from './text.js';

/** How much of an action and of an outcome a step keeps, for people to recognise it by. */
const LABEL_LENGTH = 120;
const OUTCOME_LENGTH = 120;
const MAX_PATHS = 4;

/**
 * What is remembered of one thing an agent did: a tool call with its result, a message, or an error outside of any
 * call. Everything in it is bounded; equality is by key, never by the shortened texts.
 */
export interface Step {
  readonly kind: 'call' | 'message' | 'error';
  /** Event index of the call, message or error. */
  readonly index: number;
  readonly at: number | null;
  /** Equal exactly when the action is the same. */
  readonly key: string;
  /** Equal for actions that differ only in their dress (see plainCommand). */
  readonly act: number;
  readonly label: string;
  readonly tool: string;
  readonly action: ActionClass;
  readonly paths: readonly string[];
  /** Counts what the person said: steps of different turns have a person between them. */
  readonly turn: number;
  /** Belongs to a sub-agent: it runs beside the others, so its steps do not follow theirs. */
  readonly side: boolean;
  /** Lines never seen before, up to here (see Novelty). */
  readonly novelty: number;
  readonly callId: string;
  /** Edits: hashes of the text replaced and of its replacement; 0 when not known. */
  readonly from: number;
  readonly to: number;
  /** The standing constraint that this call breaks if it succeeds. */
  breach: string | undefined;
  /** Touches the goal, or what was worked on for it; null when the step names nothing that could. */
  onGoal: boolean | null;
  /** Touches it with more than a word that may be chance: what it brings to light belongs to the work. */
  sure: boolean;
  /** Call: event index of its result; -1 while it runs. */
  result: number;
  /** Equal when the outcome is the same but for times, ids and the like. */
  outcome: string;
  /** Equal when the last line says the same; 0 for an output that says nothing. */
  gist: number;
  outcomeLabel: string;
  failed: boolean;
  /** A person refused the call. */
  rejected: boolean;
}

interface Surroundings {
  readonly turn: number;
  readonly novelty: number;
  readonly side: boolean;
}

/** A key as it is kept: the reader's are short; whatever else arrives is hashed to a bound. */
export function keptKey(key: string): string {
  return key.length <= 64 ? detach(key) : `${hash32(key)}:${key.length}`;
}

export function callStep(event: AgentEvent, around: Surroundings): Step {
  const input = event.input ?? '';
  const change = event.action === 'edit' ? replacement(input) : undefined;
  const key = keptKey(event.actionKey ?? `${event.tool ?? ''}:${hash32(input)}`);
  const command = event.action === 'run' || event.action === 'read' ? commandOf(input) : '';
  return {
    ...blankStep(event, around),
    kind: 'call',
    key,
    act: hash32(command === '' ? key : plainCommand(command)),
    label: actionLabel(event),
    tool: detach((event.tool ?? '').slice(0, 80)),
    action: event.action ?? 'other',
    paths: (event.paths ?? []).slice(0, MAX_PATHS).map((path) => detach(path.slice(0, 260))),
    callId: keptKey(event.callId ?? ''),
    from: change?.from ?? 0,
    to: change?.to ?? 0,
  };
}

export function messageStep(event: AgentEvent, around: Surroundings): Step {
  const text = event.text ?? '';
  const same = text.trim() === '' ? '' : (event.actionKey ?? `message:${hash32(text.trim())}`);
  return {
    ...blankStep(event, around),
    kind: 'message',
    key: keptKey(same),
    label: oneLine(text, LABEL_LENGTH),
  };
}

/** An error outside of tool calls. Its key leaves out what changes from one occurrence to the next. */
export function errorStep(event: AgentEvent, around: Surroundings): Step {
  const text = event.text ?? event.output ?? '';
  return {
    ...blankStep(event, around),
    kind: 'error',
    key: keptKey(event.outcomeKey ?? event.actionKey ?? `error:${hash32(normalised(text))}`),
    label: oneLine(text, OUTCOME_LENGTH),
    failed: true,
  };
}

function blankStep(event: AgentEvent, around: Surroundings): Step {
  return {
    kind: 'message',
    index: event.index,
    at: event.at,
    key: '',
    act: 0,
    label: '',
    tool: '',
    action: 'other',
    paths: [],
    turn: around.turn,
    side: around.side,
    novelty: around.novelty,
    callId: '',
    from: 0,
    to: 0,
    breach: undefined,
    onGoal: null,
    sure: false,
    result: -1,
    outcome: '',
    gist: 0,
    outcomeLabel: '',
    failed: false,
    rejected: false,
  };
}

/** Writes a call's result into its step. */
export function settle(step: Step, event: AgentEvent): void {
  const output = event.output ?? event.text ?? '';
  step.result = event.index;
  step.outcome = keptKey(event.outcomeKey ?? `outcome:${hash32(normalised(output))}:${output.length}`);
  step.outcomeLabel = lastLine(output, OUTCOME_LENGTH);
  step.gist = step.outcomeLabel === '' ? 0 : hash32(normalised(step.outcomeLabel));
  step.rejected = event.rejected === true;
  step.failed = !step.rejected && failedResult(event, step.action);
}

function failedResult(event: AgentEvent, action: ActionClass): boolean {
  // grep and its like leave with 1 when they find nothing: an answer, not a failure.
  if (action === 'search' && event.exitCode === 1) return false;
  return event.isError ?? (event.exitCode !== undefined && event.exitCode !== 0);
}

/** "Edit src/a.ts" for calls with an object as input, the command itself for commands. */
function actionLabel(event: AgentEvent): string {
  const input = (event.input ?? '').trim();
  const tool = event.tool ?? '';
  if (!input.startsWith('{')) return oneLine(input === '' ? tool : input, LABEL_LENGTH);
  const command = /"(?:command|cmd|query|pattern|url)":"((?:[^"\\]|\\.){1,300})/.exec(
    input.slice(0, 1000),
  )?.[1];
  const subject = event.paths?.[0] ?? command?.replace(/\\n/g, ' ').replace(/\\(.)/g, '$1') ?? input;
  return event.action === 'run' && command !== undefined
    ? oneLine(command.replace(/\\n/g, ' ').replace(/\\(.)/g, '$1'), LABEL_LENGTH)
    : oneLine(`${tool} ${subject}`, LABEL_LENGTH);
}

/** The two sides of a search-and-replace edit, as hashes, where the tool's input states them. */
function replacement(input: string): { from: number; to: number } | undefined {
  if (!input.startsWith('{') || input.length > 100_000) return undefined;
  try {
    const { old_string, old_str, new_string, new_str } = JSON.parse(input) as Record<string, unknown>;
    const from = old_string ?? old_str;
    const to = new_string ?? new_str;
    if (typeof from !== 'string' || typeof to !== 'string') return undefined;
    return { from: hash32(from), to: hash32(to) };
  } catch {
    return undefined; // a shortened input is no longer JSON
  }
}
