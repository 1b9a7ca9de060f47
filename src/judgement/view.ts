import type { Step } from './step.js';
import type { Thresholds } from './thresholds.js';
import type { Trajectory } from './trajectory.js';

/** What rules look at: a trajectory at one moment. Built once for all rules. */
export interface View {
  readonly trajectory: Trajectory;
  /** Epoch milliseconds; null when neither the caller nor the log knows the time. */
  readonly now: number | null;
  /** The agent is being watched as it runs; false when a log is judged after the fact. */
  readonly live: boolean;
  /** Finished calls of the main line in order, without plans and without what a person refused. */
  readonly calls: readonly Step[];
  /** The latest call, when it has no result yet. */
  readonly open: Step | undefined;
  /** What the agent said last stands as its last word: it has been silent since or said that its turn is over, or the log is judged after the fact. */
  readonly settled: boolean;
}

/** A live agent whose last word is a closing message has finished its turn once it is this long silent. */
const SETTLED_MS = 60_000;

export function viewOf(trajectory: Trajectory, now: number | null, live: boolean): View {
  const calls = trajectory.steps.filter(
    (step) =>
      step.kind === 'call' && !step.side && step.result >= 0 && !step.rejected && step.action !== 'plan',
  );
  const { lastAt, steps } = trajectory;
  const settled =
    !live || trajectory.turnEnded || (now !== null && lastAt !== null && now - lastAt >= SETTLED_MS);
  return { trajectory, now: now ?? lastAt, live, calls, open: openCall(steps), settled };
}

function openCall(steps: readonly Step[]): Step | undefined {
  for (let i = steps.length - 1; i >= 0; i--) {
    const step = steps[i];
    if (step?.kind === 'call' && !step.side) return step.result < 0 ? step : undefined;
  }
  return undefined;
}

/**
 * Whether a past repetition or failure, whose last call is `last`, still stands. It does until the person says
 * something, or until enough steps made real progress: they worked and did or showed something that had not been seen
 * before. One step does not do it, ending the session never does, and a session that gave up overcame nothing.
 */
export function stands(view: View, last: Step, thresholds: Thresholds): boolean {
  if (view.trajectory.context.turn !== last.turn) return false;
  if (gaveUp(view)) return true;
  return progressAfter(view, last) < thresholds.recoverySteps;
}

/**
 * Calls after which a session that said it gave up is taken to go on after all. Fewer are its harness tidying up
 * (collecting the patch, stopping the sandbox).
 */
const GOES_ON = 10;

/** Whether the session stopped for want of something and did not go on. */
export function gaveUp({ trajectory }: View): boolean {
  return trajectory.gaveUp !== undefined && trajectory.calls - trajectory.gaveUp.calls < GOES_ON;
}

function progressAfter(view: View, last: Step): number {
  const seen = new Set<string>();
  let progress = 0;
  for (const call of view.calls) {
    const signature = signatureOf(call);
    const news = !seen.has(signature);
    seen.add(signature);
    if (call.index > last.index && news && !call.failed && isWork(call)) progress++;
  }
  return progress;
}

function isWork(call: Step): boolean {
  return call.action !== 'finish' && call.action !== 'ask' && call.action !== 'poll';
}

/** Whether two failures are one: the same outcome, or the same last line of a command in another dress. */
export function sameFailure(a: Step, b: Step): boolean {
  if (!a.failed || !b.failed) return false;
  return a.outcome === b.outcome || (a.key !== b.key && a.gist === b.gist && a.gist !== 0);
}

/** Equal when both action and outcome are the same. */
export function signatureOf(call: Step): string {
  return `${call.key}\u0000${call.outcome}\u0000${call.failed ? 'failed' : ''}`;
}
