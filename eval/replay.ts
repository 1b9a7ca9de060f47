import { assess } from '../src/judgement/guardian.js';
import { createTrajectory, observe } from '../src/judgement/trajectory.js';
import type { SteeringType } from '../src/messages/analysis.js';
import { OpenHandsRules } from './baseline.js';
import type { Case } from './case.js';

/** A verdict that needs steering and did not stand a moment before. */
export interface Raise {
  readonly at: number;
  readonly type: SteeringType;
}

export interface Replayed {
  readonly raises: readonly Raise[];
  /** The verdict after the fact. */
  readonly end: SteeringType | null;
}

export type Judge = (each: Case) => Replayed;

/** Silence after which an agent is looked at again, as a monitor does every minute. */
const LOOKED_AT_AGAIN_MS = 60_000;
/** The last look, after the log has ended: the agent has settled, and nothing stalls yet. */
const LAST_LOOK_MS = 90_000;

/**
 * The project's judge: asked after each event as at that moment, once more before each event that lets wait for itself,
 * once when the log has ended, and once after the fact.
 */
export const rulesJudge: Judge = ({ events, assignment }) => {
  const trajectory = createTrajectory('evaluated', assignment);
  const raises = new Raises();
  events.forEach((event, i) => {
    observe(trajectory, event);
    raises.see(i, assess(trajectory, { now: event.at, live: true }).steeringType);
    const next = events[i + 1]?.at ?? null;
    if (event.at !== null && next !== null && next - event.at > LOOKED_AT_AGAIN_MS) {
      raises.see(i, assess(trajectory, { now: next - 1, live: true }).steeringType);
    }
  });
  const end = assess(trajectory, { now: null, live: false }).steeringType;
  const { lastAt } = trajectory;
  const last =
    lastAt === null ? end : assess(trajectory, { now: lastAt + LAST_LOOK_MS, live: true }).steeringType;
  raises.see(events.length - 1, last);
  return { raises: raises.all, end: end ?? null };
};

/** The baseline knows one kind of trouble. */
export const baselineJudge: Judge = ({ events }) => {
  const rules = new OpenHandsRules();
  const raises = new Raises();
  let stuck = false;
  events.forEach((event, i) => {
    rules.observe(event);
    stuck = rules.stuck();
    raises.see(i, stuck ? 'loop' : undefined);
  });
  return { raises: raises.all, end: stuck ? 'loop' : null };
};

/** Turns what stands at each moment into what was raised: once for each standing period. */
class Raises {
  readonly all: Raise[] = [];
  #standing: SteeringType | undefined;

  see(at: number, type: SteeringType | undefined): void {
    if (type !== undefined && type !== this.#standing) this.all.push({ at, type });
    this.#standing = type;
  }
}
