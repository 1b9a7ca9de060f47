import { z } from 'zod';
import type { TaskPriority } from '../messages/tasks.js';

const weight = (value: number) => z.number().min(0).max(1).default(value);
const ms = (value: number) =>
  z
    .number()
    .int()
    .min(1)
    .max(365 * 86_400_000)
    .default(value);

/** What a task's score is made of. */
export const ScoreSettings = z.strictObject({
  priority: weight(0.45).describe('Weight of the priority: critical 1, high 0.75, medium 0.5, low 0.25.'),
  age: weight(0.2).describe('Weight of the age: 0 when new, 1 from `ageMs` on.'),
  deadline: weight(0.15).describe('Weight of the deadline: 0 until `urgentMs` before it, 1 when it is past.'),
  unblocks: weight(0.15).describe(
    'Weight of the unfinished tasks that wait for it: 1 from `unblocksFull` on.',
  ),
  retries: weight(0.05).describe('Weight of the retries that are left, as a share.'),
  ageMs: ms(3_600_000).describe('Age at which a task has its full share for age.'),
  urgentMs: ms(900_000).describe('Time before its deadline from which a task is urgent.'),
  unblocksFull: z
    .number()
    .int()
    .min(1)
    .max(1_000)
    .default(10)
    .describe('Waiting tasks, directly or not, for the full share; more are not counted.'),
  urgentFactor: z
    .number()
    .min(1)
    .max(10)
    .default(1.25)
    .describe('The sum of an urgent task is taken times this.'),
  starvingMs: ms(7_200_000).describe('A task that is older than this is starving.'),
  starvingFloor: z.number().min(0).max(10).default(0.6).describe('Least score of a starving task.'),
});
export type ScoreSettings = z.infer<typeof ScoreSettings>;

export interface ScoreInput {
  readonly priority: TaskPriority;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly deadline: number | null;
  /** Unfinished tasks that wait for it, directly or not; counted up to `unblocksFull`. */
  readonly unblocks: number;
  readonly failures: number;
  readonly maxRetries: number;
}

const TERMS = ['priority', 'age', 'deadline', 'unblocks', 'retries'] as const;
export type TermName = (typeof TERMS)[number];

export interface Term {
  readonly name: TermName;
  readonly weight: number;
  /** 0..1 */
  readonly value: number;
  readonly contribution: number;
  readonly why: string;
}

export const PRIORITY_VALUE: Readonly<Record<TaskPriority, number>> = {
  critical: 1,
  high: 0.75,
  medium: 0.5,
  low: 0.25,
};

/** The inputs as numbers: row `i` stands at `i * FIELDS`. What a pool thread is given, in shared memory. */
export const FIELDS = 6;

export function packInput(input: ScoreInput, into: Float64Array, row: number): void {
  const at = row * FIELDS;
  into[at] = PRIORITY_VALUE[input.priority];
  into[at + 1] = input.createdAt;
  into[at + 2] = input.deadline ?? Number.NaN;
  into[at + 3] = input.unblocks;
  into[at + 4] = input.failures;
  into[at + 5] = input.maxRetries;
}

/**
 * The score of one packed row: a weighted sum of five values from 0 to 1, times `urgentFactor` when the deadline is near
 * or past, and not under `starvingFloor` for a task that has waited long (the formula of OmoiOS, with exact counts).
 */
export function scoreAt(rows: Float64Array, row: number, now: number, settings: ScoreSettings): number {
  const at = row * FIELDS;
  const deadline = rows[at + 2] as number;
  const age = Math.max(0, now - (rows[at + 1] as number));
  const maxRetries = rows[at + 5] as number;
  let score =
    settings.priority * (rows[at] as number) +
    settings.age * Math.min(age / settings.ageMs, 1) +
    settings.deadline * deadlineValue(deadline, now, settings) +
    settings.unblocks * Math.min((rows[at + 3] as number) / settings.unblocksFull, 1) +
    settings.retries * retriesValue(rows[at + 4] as number, maxRetries);
  if (deadline - now <= settings.urgentMs) score *= settings.urgentFactor;
  return age >= settings.starvingMs ? Math.max(score, settings.starvingFloor) : score;
}

/** NaN: no deadline. */
function deadlineValue(deadline: number, now: number, { urgentMs }: ScoreSettings): number {
  if (Number.isNaN(deadline)) return 0;
  return Math.min(1, Math.max(0, 1 - (deadline - now) / urgentMs));
}

function retriesValue(failures: number, maxRetries: number): number {
  return maxRetries === 0 ? 1 : Math.max(0, 1 - failures / maxRetries);
}

export function scoreOf(input: ScoreInput, now: number, settings: ScoreSettings): number {
  const packed = new Float64Array(FIELDS);
  packInput(input, packed, 0);
  return scoreAt(packed, 0, now, settings);
}

/** The score in its terms, for people: the sum of the contributions is the score, but for what `notes` say. */
export function terms(
  input: ScoreInput,
  now: number,
  settings: ScoreSettings,
): { score: number; terms: Term[]; notes: string[] } {
  const { priority, createdAt, deadline, unblocks, failures, maxRetries } = input;
  const age = Math.max(0, now - createdAt);
  const left = deadline === null ? undefined : deadline - now;
  const values: Record<TermName, readonly [value: number, why: string]> = {
    priority: [PRIORITY_VALUE[priority], priority],
    age: [Math.min(age / settings.ageMs, 1), `${seconds(age)} old, full at ${seconds(settings.ageMs)}`],
    deadline: [deadlineValue(deadline ?? Number.NaN, now, settings), deadlineText(left)],
    unblocks: [
      Math.min(unblocks / settings.unblocksFull, 1),
      `${unblocks >= settings.unblocksFull ? 'at least ' : ''}${Math.min(unblocks, settings.unblocksFull)} tasks wait for it, full at ${settings.unblocksFull}`,
    ],
    retries: [retriesValue(failures, maxRetries), `${failures} of ${maxRetries} retries used`],
  };
  const notes: string[] = [];
  if (left !== undefined && left <= settings.urgentMs) notes.push(`urgent: times ${settings.urgentFactor}`);
  if (age >= settings.starvingMs)
    notes.push(`has waited for ${seconds(age)}: at least ${settings.starvingFloor}`);
  return {
    score: scoreOf(input, now, settings),
    terms: TERMS.map((name) => {
      const [value, why] = values[name];
      return { name, weight: settings[name], value, contribution: settings[name] * value, why };
    }),
    notes,
  };
}

function deadlineText(left: number | undefined): string {
  if (left === undefined) return 'none';
  return left >= 0 ? `in ${seconds(left)}` : `${seconds(-left)} ago`;
}

function seconds(value: number): string {
  return `${Math.round(value / 1_000)} s`;
}
