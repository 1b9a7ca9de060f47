import { randomInt } from 'node:crypto';
import type { Database, Statement } from 'better-sqlite3';
import type { Task, TaskState } from '../../messages/tasks.js';
import { HELD, readTask, TASK_COLUMNS, TASK_TABLES, type TaskChange, type TaskRow } from './task-rows.js';

export interface Claim {
  readonly agent: string;
  readonly phase?: string | undefined;
  readonly capabilities: readonly string[];
  readonly limit: number;
  /** A claim under the same key gets the same tasks, as far as the agent still holds them. */
  readonly key?: string | undefined;
}

/** Who holds a task, as far as its fencing goes. */
export interface Holding {
  readonly seq: number;
  readonly id: string;
  readonly state: TaskState;
  readonly agent: string | null;
  readonly token: number;
  readonly leaseUntil: number | null;
  readonly failures: number;
  readonly maxRetries: number;
  readonly backoffMs: number;
}

interface Candidate {
  readonly seq: number;
  readonly score: number;
}

type ClaimedRow = [token: number, leaseUntil: number, ...task: TaskRow];

const TWO_32 = 2 ** 32;

/**
 * Claims and leases. Everything here stands inside a transaction; `awake` is the time that leases are counted in.
 *
 * It says `limit +?`: SQLite plans a statement with `limit ?` anew each time, to look at the value.
 */
export class TaskClaims {
  readonly #classes: Statement<[{ phase: string | null; capabilities: string | null }], { id: number }>;
  readonly #best: Statement<[number, number], Candidate>;
  readonly #claim: Statement<[Record<string, unknown>]>;
  readonly #claimed: Statement<[string], ClaimedRow>;
  readonly #underKey: Statement<[string, string], { seq: number }>;
  readonly #holdings: Statement<[string], Holding>;
  readonly #start: Statement<[number, number, number]>;
  readonly #extend: Statement<[number, string]>;
  readonly #expired: Statement<[number, number], Holding>;
  readonly #due: Statement<[number, number], { id: string }>;
  readonly #anyDue: Statement<[number]>;
  readonly #return: Statement<[Record<string, unknown>]>;
  readonly #heldBy: Statement<[string], Holding>;
  readonly #anyHeld: Statement<[]>;
  readonly #awake: Statement<[], { awake: number }>;
  readonly #setAwake: Statement<[number]>;

  constructor(database: Database) {
    const holding = `seq, id, state, agent, token, lease_until as leaseUntil, failures, max_retries as maxRetries,
      backoff_ms as backoffMs`;
    this.#classes = database.prepare(`
      select id from task_classes
       where (@phase is null or phase = @phase)
         and (@capabilities is null or not exists (
           select 1 from json_each(task_classes.capabilities)
            where value not in (select value from json_each(@capabilities))))`);
    this.#best = database.prepare(`
      select seq, score from tasks indexed by tasks_to_claim
       where state = 'ready' and class = ? order by score desc, seq limit +?`);
    this.#claim = database.prepare(`
      update tasks set state = 'claimed', agent = @agent, token = ((token >> 32) + 1 << 32) + @salt,
             lease_until = @until, claim_key = @key, attempts = attempts + 1, updated_at = @now
       where state = 'ready' and seq in (select value from json_each(@seqs))`);
    this.#claimed = database
      .prepare<[string], ClaimedRow>(
        `select t.token, t.lease_until, ${TASK_COLUMNS} from json_each(?) as wanted, ${TASK_TABLES}
          where t.seq = wanted.value order by wanted.key`,
      )
      .raw();
    this.#underKey = database.prepare(
      `select seq from tasks indexed by tasks_assigned
        where agent = ? and claim_key = ? and ${HELD} order by score desc, seq`,
    );
    this.#holdings = database.prepare(
      `select ${holding} from tasks where id in (select value from json_each(?))`,
    );
    this.#start = database.prepare(
      "update tasks set state = 'running', lease_until = ?, updated_at = ? where seq = ?",
    );
    this.#extend = database.prepare(
      'update tasks set lease_until = ? where seq in (select value from json_each(?))',
    );
    this.#expired = database.prepare(
      `select ${holding} from tasks indexed by tasks_leased
        where ${HELD} and lease_until <= ? order by lease_until limit +?`,
    );
    this.#due = database.prepare(`
      update tasks set state = 'ready', not_before = null where seq in (
        select seq from tasks indexed by tasks_delayed
         where state = 'pending' and not_before is not null and not_before <= ? limit +?)
      returning id`);
    this.#anyDue = database.prepare(`
      select 1 from tasks indexed by tasks_delayed
       where state = 'pending' and not_before is not null and not_before <= ? limit 1`);
    this.#return = database.prepare(`
      update tasks set state = @state, lease_until = null, claim_key = null, failures = @failures,
             not_before = @notBefore, error = @error, updated_at = @now,
             finished_at = case when @state = 'failed' then @now end
       where seq = @seq`);
    this.#heldBy = database.prepare(`select ${holding} from tasks where agent = ? and ${HELD}`);
    this.#anyHeld = database.prepare(`select 1 from tasks indexed by tasks_leased where ${HELD} limit 1`);
    this.#awake = database.prepare('select awake from task_clock');
    this.#setAwake = database.prepare('update task_clock set awake = max(awake, ?)');
  }

  /** Hands out the best ready tasks that the agent can do, by score and then by age. */
  claim({ agent, phase, capabilities, limit, key }: Claim, until: number, now: number): Taken[] {
    const again = key === undefined ? [] : this.#underKey.all(agent, key).map(({ seq }) => seq);
    if (again.length > 0) return this.#taken(again, true);
    const seqs = this.best(phase, capabilities, limit);
    if (seqs.length === 0) return [];
    this.#claim.run({
      agent,
      // Another one for each claim; tasks of one claim go to the same agent.
      salt: randomInt(TWO_32),
      until,
      key: key ?? null,
      now,
      seqs: JSON.stringify(seqs),
    });
    return this.#taken(seqs, false);
  }

  /** The next ready tasks, by score and then by age. @param capabilities undefined: whatever they need. */
  best(phase: string | undefined, capabilities: readonly string[] | undefined, limit: number): number[] {
    const classes = this.#classes.all({
      phase: phase ?? null,
      capabilities: capabilities === undefined ? null : JSON.stringify(capabilities),
    });
    const found = classes.flatMap(({ id }) => this.#best.all(id, limit));
    if (classes.length > 1) found.sort((one, other) => other.score - one.score || one.seq - other.seq);
    return found.slice(0, limit).map(({ seq }) => seq);
  }

  #taken(seqs: readonly number[], again: boolean): Taken[] {
    return this.#claimed
      .all(JSON.stringify(seqs))
      .map(([token, leaseUntil, ...row]) => ({ task: readTask(row), token, leaseUntil, again }));
  }

  /** Who holds these tasks; those that are not on record are left out. */
  holdings(ids: readonly string[]): Map<string, Holding> {
    return new Map(this.#holdings.all(JSON.stringify(ids)).map((row) => [row.id, row]));
  }

  heldBy(agent: string): Holding[] {
    return this.#heldBy.all(agent);
  }

  start({ seq }: Holding, until: number, now: number): void {
    this.#start.run(until, now, seq);
  }

  extend(holdings: readonly Holding[], until: number): void {
    this.#extend.run(until, JSON.stringify(holdings.map(({ seq }) => seq)));
  }

  /** Takes a task from its holder: to be claimed again, now or later, or given up. */
  give(holding: Holding, back: Returned, now: number): TaskChange {
    this.#return.run({
      seq: holding.seq,
      state: back.state,
      failures: back.failures,
      notBefore: back.notBefore ?? null,
      error: back.reason ?? null,
      now,
    });
    return { id: holding.id, state: back.state, agent: holding.agent, reason: back.reason };
  }

  /** Those whose lease has ended, the longest ago first. */
  expired(awake: number, limit: number): Holding[] {
    return this.#expired.all(awake, limit);
  }

  /** Whether the wait of any task is over. */
  anyDue(awake: number): boolean {
    return this.#anyDue.get(awake) !== undefined;
  }

  /** Makes tasks ready whose wait for the next try is over. */
  makeDueReady(awake: number, limit: number): TaskChange[] {
    if (!this.anyDue(awake)) return [];
    return this.#due.all(awake, limit).map(({ id }) => ({ id, state: 'ready' }));
  }

  /** Whether any agent holds any task. */
  get anyHeld(): boolean {
    return this.#anyHeld.get() !== undefined;
  }

  /** How long Vigil was awake, all its runs together; milliseconds. */
  get awake(): number {
    return this.#awake.get()?.awake ?? 0;
  }

  noteAwake(awake: number): void {
    this.#setAwake.run(Math.floor(awake));
  }
}

export interface Taken {
  readonly task: Task;
  readonly token: number;
  readonly leaseUntil: number;
  /** It was handed out before, under the same key. */
  readonly again: boolean;
}

export interface Returned {
  readonly state: 'ready' | 'pending' | 'failed';
  readonly failures: number;
  /** Of `pending`: when it may be claimed again, in awake time. */
  readonly notBefore?: number | undefined;
  readonly reason?: string | undefined;
}
