import { VigilError } from '../../messages/errors.js';
import type { ClaimedTask, ClaimRequest, TaskState } from '../../messages/tasks.js';
import type { Holding, Returned } from '../../store/tasks/task-claims.js';
import type { Moment, TaskQueue, Tell } from './task-queue.js';

export interface Held {
  readonly id: string;
  readonly token: number;
}
export interface Completion extends Held {
  readonly result?: unknown;
}
export interface Failing extends Held {
  readonly reason: string;
  readonly retry: boolean;
  readonly backoffMs?: number | undefined;
}
export interface Batch {
  readonly complete: readonly Completion[];
  readonly fail: readonly Failing[];
  readonly release: readonly Held[];
  readonly claim?: (ClaimRequest & { readonly key?: string | undefined }) | undefined;
}
/** A task that the request could not do. */
export interface Refused {
  readonly task: string;
  readonly error: VigilError;
}
export interface BatchDone {
  readonly completed: string[];
  readonly failed: { id: string; state: TaskState; retryInMs?: number }[];
  readonly released: string[];
  readonly ready: string[];
  readonly claimed: ClaimedTask[];
  readonly refused: Refused[];
}

/**
 * What agents do with tasks: claim, begin, keep, finish, give back. A claim is a lease with a token; whoever comes without
 * the token of the present lease, or after its end, changes nothing (FENCED).
 */
export class TaskLeases {
  readonly #queue: TaskQueue;

  constructor(queue: TaskQueue) {
    this.#queue = queue;
  }

  /** Finishes, gives back and claims, in one transaction. Tasks that are refused are named; the others are done. */
  batch({ complete, fail, release, claim }: Batch): Promise<BatchDone> {
    return this.#queue.change((moment, tell) => {
      const refused: Refused[] = [];
      // A completion that is sent again finds its task done.
      const finished = new Set(complete.map(({ id }) => id));
      const holdings = this.#holdings([...complete, ...fail, ...release], moment, refused, finished);
      const { completed, ready } = this.#complete(complete, holdings, moment, tell);
      const failed = fail.flatMap((each) => {
        const holding = holdings.get(each.id);
        return holding === undefined ? [] : [{ holding, back: this.#afterFailure(holding, each, moment) }];
      });
      const released = release.flatMap(({ id }) => holdings.get(id) ?? []);
      this.#giveBack(
        [...failed, ...released.map((holding) => ({ holding, back: untouched(holding) }))],
        moment,
        tell,
      );
      return {
        completed,
        failed: failed.map(({ holding, back }) => ({
          id: holding.id,
          state: back.state,
          ...(back.notBefore === undefined ? {} : { retryInMs: back.notBefore - moment.awake }),
        })),
        released: released.map(({ id }) => id),
        ready,
        claimed: claim === undefined ? [] : this.#claim(claim, moment, tell),
        refused,
      };
    });
  }

  claim(request: ClaimRequest & { readonly key?: string | undefined }): Promise<ClaimedTask[]> {
    return this.#queue.change((moment, tell) => this.#claim(request, moment, tell));
  }

  /** The agent begins; its lease begins anew. @returns its length. @throws VigilError FENCED, NOT_FOUND */
  start(held: Held, leaseMs: number | undefined): Promise<number> {
    const ms = this.#leaseOf(leaseMs);
    return this.#queue.change((moment, tell) => {
      const refused: Refused[] = [];
      const holding = this.#holdings([held], moment, refused).get(held.id);
      if (holding === undefined) throw (refused[0] as Refused).error;
      const { id, agent, state } = holding;
      this.#queue.store.tasks.claims.start(holding, moment.awake + ms, moment.now);
      if (state !== 'running') tell([{ id, agent, state: 'running' }]);
      return ms;
    });
  }

  /** Leases begin anew. */
  extend(
    tasks: readonly Held[],
    leaseMs: number | undefined,
  ): Promise<{ extended: string[]; refused: Refused[] }> {
    const ms = this.#leaseOf(leaseMs);
    return this.#queue.change((moment) => {
      const refused: Refused[] = [];
      const holdings = [...this.#holdings(tasks, moment, refused).values()];
      if (holdings.length > 0) this.#queue.store.tasks.claims.extend(holdings, moment.awake + ms);
      return { extended: holdings.map(({ id }) => id), refused };
    });
  }

  /** An agent was restarted or is gone: what it held can be claimed by others. @returns how many. */
  releaseAgent(agent: string): Promise<number> {
    return this.#queue.change((moment, tell) => {
      const held = this.#queue.store.tasks.claims.heldBy(agent);
      this.#giveBack(
        held.map((holding) => ({ holding, back: untouched(holding) })),
        moment,
        tell,
      );
      return held.length;
    });
  }

  /** Takes tasks back whose lease has ended, and makes those ready whose wait is over. @returns how many of both. */
  async sweep(): Promise<number> {
    const { claims } = this.#queue.store.tasks;
    const { awake } = this.#queue.moment();
    if (claims.anyHeld) await this.#queue.store.write(() => claims.noteAwake(awake));
    if (claims.expired(awake, 1).length === 0 && !claims.anyDue(awake)) return 0;
    return this.#queue.change((moment, tell) => this.#takeBack(moment, tell));
  }

  #claim(
    request: ClaimRequest & { readonly key?: string | undefined },
    moment: Moment,
    tell: Tell,
  ): ClaimedTask[] {
    const { claims } = this.#queue.store.tasks;
    // Nobody has to wait for the next sweep.
    this.#takeBack(moment, tell);
    const ms = this.#leaseOf(request.leaseMs);
    const taken = claims.claim(
      { ...request, key: request.idempotencyKey ?? request.key },
      moment.awake + ms,
      moment.now,
    );
    const fresh = taken.filter(({ again }) => !again);
    tell(fresh.map(({ task: { id, agent = null } }) => ({ id, agent, state: 'claimed' })));
    // Added to, not copied: a copy costs more than to read it did.
    return taken.map(({ task, token, leaseUntil }) =>
      Object.assign(task, { token, leaseMs: Math.max(0, leaseUntil - moment.awake) }),
    );
  }

  #takeBack(moment: Moment, tell: Tell): number {
    const { claims } = this.#queue.store.tasks;
    const limit = this.#queue.settings.sweepBatch;
    const expired = claims.expired(moment.awake, limit);
    this.#giveBack(
      expired.map((holding) => {
        const reason = `the lease of ${holding.agent} ended`;
        const failures = holding.failures + 1;
        const state = failures > holding.maxRetries ? ('failed' as const) : ('ready' as const);
        return { holding, back: { state, failures, reason } };
      }),
      moment,
      tell,
    );
    const due = claims.makeDueReady(moment.awake, limit);
    this.#queue.scores.update(
      due.map(({ id }) => id),
      moment.now,
    );
    tell(due);
    return expired.length + due.length;
  }

  #complete(
    complete: readonly Completion[],
    holdings: ReadonlyMap<string, Holding>,
    moment: Moment,
    tell: Tell,
  ): { completed: string[]; ready: string[] } {
    const present = complete.flatMap(({ id, result }) => {
      const holding = holdings.get(id);
      return holding === undefined ? [] : [{ holding, result }];
    });
    // Those that were done by this token before are as they are.
    const fresh = present.filter(({ holding }) => holding.state !== 'done');
    const completed = present.map(({ holding }) => holding.id);
    if (fresh.length === 0) return { completed, ready: [] };
    const freed = this.#queue.store.tasks.edges.complete(
      fresh.map(({ holding, result }) => ({ seq: holding.seq, result })),
      moment.now,
    );
    this.#queue.keeper.complete(fresh.map(({ holding }) => holding.id));
    const ready = freed.map(({ id }) => id);
    this.#queue.scores.update(ready, moment.now);
    const done = fresh.map(({ holding: { id, agent } }) => ({ id, agent, state: 'done' as const }));
    tell([...done, ...freed]);
    return { completed, ready };
  }

  #giveBack(
    tasks: readonly { readonly holding: Holding; readonly back: Returned }[],
    { now }: Moment,
    tell: Tell,
  ): void {
    if (tasks.length === 0) return;
    const changes = tasks.map(({ holding, back }) => this.#queue.store.tasks.claims.give(holding, back, now));
    this.#queue.keeper.apply(changes);
    this.#queue.scores.update(
      changes.filter(({ state }) => state === 'ready').map(({ id }) => id),
      now,
    );
    tell(changes);
  }

  #afterFailure(holding: Holding, { retry, reason, backoffMs }: Failing, { awake }: Moment): Returned {
    const failures = holding.failures + 1;
    if (!retry || failures > holding.maxRetries) return { state: 'failed', failures, reason };
    const { maxBackoffMs } = this.#queue.settings;
    const wait = Math.min(backoffMs ?? holding.backoffMs * 2 ** (failures - 1), maxBackoffMs);
    return wait === 0
      ? { state: 'ready', failures, reason }
      : { state: 'pending', failures, reason, notBefore: awake + wait };
  }

  /** The present holdings of those whose token is that of the present lease; why the others are refused. */
  #holdings(
    tasks: readonly Held[],
    { awake }: Moment,
    refused: Refused[],
    mayBeDone: ReadonlySet<string> = new Set(),
  ): Map<string, Holding> {
    const rows = this.#queue.store.tasks.claims.holdings(tasks.map(({ id }) => id));
    const holdings = new Map<string, Holding>();
    for (const { id, token } of tasks) {
      const error = holdings.has(id)
        ? new VigilError('BAD_REQUEST', `task ${id} is named twice`)
        : whyNot(id, token, rows.get(id), awake, mayBeDone.has(id));
      if (error === undefined) holdings.set(id, rows.get(id) as Holding);
      else refused.push({ task: id, error });
    }
    return holdings;
  }

  #leaseOf(asked: number | undefined): number {
    const { leaseMs, maxLeaseMs } = this.#queue.settings;
    return Math.min(asked ?? leaseMs, maxLeaseMs);
  }
}

/** Given back without a failure. */
function untouched({ failures }: Holding): Returned {
  return { state: 'ready', failures };
}

function whyNot(
  id: string,
  token: number,
  holding: Holding | undefined,
  awake: number,
  mayBeDone: boolean,
): VigilError | undefined {
  if (holding === undefined) return new VigilError('NOT_FOUND', `no task ${id}`);
  const { state, agent, leaseUntil } = holding;
  const fenced = (why: string) => new VigilError('FENCED', `task ${id}: ${why}`);
  if (holding.token !== token)
    return fenced(agent === null ? 'was never claimed' : 'the token is not that of the present lease');
  if (state === 'done' && mayBeDone) return undefined;
  if (leaseUntil === null) return fenced(`your lease is over, the task is ${state}`);
  if (leaseUntil <= awake) return fenced('your lease has ended; claim anew');
  return undefined;
}
