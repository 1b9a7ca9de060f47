import type { Tokens } from '../messages/agent-event.js';
import { type Context, createContext } from './context.js';
import { createFocus, type Focus } from './focus.js';
import { createNovelty, type Novelty } from './novelty.js';
import { createRhythm, type Rhythm } from './rhythm.js';
import type { Step } from './step.js';
import { DEFAULT_THRESHOLDS, type Thresholds, windowFor } from './thresholds.js';

/** What the agent was told from outside, all optional. */
export interface Assignment {
  readonly goal?: string | undefined;
  readonly constraints?: readonly string[] | undefined;
  /** Limits on what it may spend. */
  readonly budget?: { readonly tokens?: number | undefined; readonly cost?: number | undefined } | undefined;
}

/** What an event was, as far as the agent's being at rest, at work or at an end depends on it. */
export type LastEvent = 'none' | 'user' | 'message' | 'thought' | 'call' | 'result' | 'error' | 'other';

/**
 * The state of one agent, folded from its events. Bounded: the latest steps, sums, and sets of hashes; less than
 * 100 kB, however long the log.
 */
export interface Trajectory {
  readonly agent: string;
  /** What it was told from outside; holds over all its sessions. */
  readonly assignment: Assignment;
  readonly context: Context;
  readonly focus: Focus;
  readonly rhythm: Rhythm;
  readonly novelty: Novelty;
  /** The latest steps in order, never more than `window`. */
  readonly steps: Step[];
  readonly window: number;
  /** Events of all sessions, so that an event's index means the same whichever session it is of. */
  eventCount: number;
  /** Event index at which the present session began. */
  since: number;
  firstAt: number | null;
  lastAt: number | null;
  last: LastEvent;
  /** It has ended its turn by the log's own account, and nothing has happened since. */
  turnEnded: boolean;
  /** Event index of the latest message of the agent, and its end; -1 and empty before any. */
  lastMessageIndex: number;
  lastMessageTail: string;
  /** The beginning of that message. */
  lastMessageHead: string;
  /** A client's prompt that nobody has answered yet. */
  prompt: { readonly index: number; readonly text: string } | undefined;
  /** The latest call that ends the session, and the words it ends it with. */
  finish: { readonly index: number; readonly text: string } | undefined;
  tokens: Tokens;
  /** Files edited successfully, latest last, distinct. */
  edited: readonly string[];
  calls: number;
  failures: number;
  /** Calls that broke a standing constraint: event index, constraint, what was done. */
  breaches: readonly Breach[];
  /** Whether the log as a whole is a sub-agent's: then sidechain events are its main line. */
  sidechain: boolean;
  /** The latest sign that the session stopped for want of steps, time or patience, and the calls made until then. */
  gaveUp: { readonly index: number; readonly calls: number; readonly text: string } | undefined;
}

export interface Breach {
  readonly index: number;
  readonly constraint: string;
  readonly done: string;
}

export function createTrajectory(
  agent: string,
  assignment: Assignment = {},
  thresholds: Thresholds = DEFAULT_THRESHOLDS,
): Trajectory {
  return { eventCount: 0, ...blank(agent, assignment, windowFor(thresholds), 0) };
}

/** Starts afresh at a new session; agent, assignment, window and the running count of events stay. */
export function restart(trajectory: Trajectory): void {
  const { agent, assignment, window, eventCount } = trajectory;
  Object.assign(trajectory, blank(agent, assignment, window, eventCount));
}

/** A trajectory of which nothing is known yet. */
function blank(
  agent: string,
  assignment: Assignment,
  window: number,
  since: number,
): Omit<Trajectory, 'eventCount'> {
  return {
    agent,
    assignment,
    context: createContext(assignment.goal, assignment.constraints ?? []),
    focus: createFocus(),
    rhythm: createRhythm(),
    novelty: createNovelty(),
    steps: [],
    window,
    since,
    firstAt: null,
    lastAt: null,
    last: 'none',
    turnEnded: false,
    lastMessageIndex: -1,
    lastMessageTail: '',
    lastMessageHead: '',
    prompt: undefined,
    finish: undefined,
    tokens: { input: 0, output: 0 },
    edited: [],
    calls: 0,
    failures: 0,
    breaches: [],
    sidechain: false,
    gaveUp: undefined,
  };
}
