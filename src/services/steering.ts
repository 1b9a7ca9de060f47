import { ErrorCode, type NatsConnection, NatsError } from 'nats';
import { readJson } from '../actors/runtime/wire.js';
import { SteerReply } from '../messages/agent-wire.js';
import { VigilError } from '../messages/errors.js';
import { newId } from '../messages/ids.js';
import type { Intervention, InterventionState } from '../messages/interventions.js';
import { ErrorReply } from '../messages/requests.js';
import type { Subjects } from '../messages/subjects.js';
import type { Settings } from '../settings/schema.js';
import type { Step } from '../store/interventions.js';
import type { Store } from '../store/store.js';

export interface SteeringParts {
  readonly store: Store;
  readonly connection: NatsConnection;
  readonly subjects: Subjects;
  readonly settings: Settings['steering'];
  /** Under maintenance: it is told nothing but what a person tells it. */
  isPaused(agent: string): boolean;
  wakeOutbox(): void;
  failed(error: unknown): void;
}

/** Why an agent is told nothing any more. */
export const ENDED_REASON = 'the agent has ended';

/** Looked at in one go; what is behind them comes next. */
const BATCH = 256;
/** Messages given to a hook at once. */
const TAKEN_AT_ONCE = 16;

/**
 * Brings to agents what they are to be told. The record is the queue: what is there at a crash is sent by the next
 * supervisor under the same id, and the agent's runner, which knows the ids it has told, acknowledges without telling it
 * again. Messages of one agent go one after another.
 */
export class Steering {
  readonly #parts: SteeringParts;
  readonly #timer: NodeJS.Timeout;
  /** Agents that something is being sent to. */
  readonly #busy = new Map<string, Promise<unknown>>();
  /** Those that a try did not move: how often, and when the next one may come (`performance.now()`). */
  readonly #resting = new Map<string, { readonly tries: number; readonly until: number }>();
  #closed = false;

  constructor(parts: SteeringParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.#look().catch(parts.failed), parts.settings.pollMs);
    this.wake();
  }

  /** There may be something to send. */
  wake(): void {
    try {
      this.#sendFrom('queued');
    } catch (error) {
      this.#parts.failed(error);
    }
  }

  /** Lets what is under way end: each send has its own time. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await Promise.allSettled(this.#busy.values());
  }

  /**
   * Tells an agent what a person wants it told.
   *
   * @param ended its process has ended: nobody is there to be told.
   * @returns how far it got.
   * @throws VigilError NOT_FOUND
   */
  async tell(agent: string, message: string, dryRun: boolean, ended = false): Promise<Intervention> {
    const { store, subjects, wakeOutbox } = this.#parts;
    if (store.agents.get(agent) === undefined) throw new VigilError('NOT_FOUND', `no agent ${agent}`);
    const id = newId();
    const at = new Date().toISOString();
    const intervention: Intervention = {
      id,
      requestId: id,
      agent,
      type: 'manual',
      message,
      emergency: false,
      delivery: 'manual',
      ...(dryRun ? { dryRun } : {}),
      state: dryRun ? 'notified' : 'queued',
      at,
      updatedAt: at,
    };
    await store.write(() => {
      store.interventions.add(intervention, store.interventions.latestVerdict(agent));
      store.outbox.add(id, subjects.interventionEvent(agent), intervention);
    });
    wakeOutbox();
    if (dryRun) return intervention;
    if (ended) await this.#move(id, ['queued', 'waiting'], { state: 'undelivered', reason: ENDED_REASON });
    else await this.#inTurn(agent, () => this.#send(intervention));
    return store.interventions.get(id) ?? intervention;
  }

  /** A person's decision. @throws VigilError NOT_FOUND, CONFLICT when it waits for none. */
  async decide(id: string, approve: boolean, message: string | undefined): Promise<Intervention> {
    const { store } = this.#parts;
    const step: Step = approve ? { state: 'queued', message } : { state: 'rejected' };
    const moved = await this.#move(id, ['pending'], step);
    if (moved === undefined) {
      const known = store.interventions.get(id);
      if (known === undefined) throw new VigilError('NOT_FOUND', `no intervention ${id}`);
      throw new VigilError('CONFLICT', `intervention ${id} waits for no decision: it is ${known.state}`);
    }
    if (!approve) return moved;
    await this.#inTurn(moved.agent, () => this.#send(moved));
    return store.interventions.get(id) ?? moved;
  }

  /** What waits for the agent, for whoever shows it to the agent now. */
  async take(agent: string): Promise<Intervention[]> {
    const { store } = this.#parts;
    const taken: Intervention[] = [];
    await this.#inTurn(agent, async () => {
      for (const open of store.interventions.openOf(agent, TAKEN_AT_ONCE)) {
        if (this.#isLeftAlone(open)) continue;
        const moved = await this.#move(open.id, ['queued', 'waiting'], { state: 'delivered', via: 'hook' });
        if (moved !== undefined) taken.push(moved);
      }
    });
    return taken;
  }

  /** What has waited too long is given up; what waits is tried again: its runner may be there by now. */
  async #look(): Promise<void> {
    const { store, settings } = this.#parts;
    this.#sendFrom('queued');
    this.#sendFrom('waiting');
    const now = Date.now();
    for (const id of store.interventions.lateIn('pending', now - settings.approvalMs))
      await this.#move(id, ['pending'], { state: 'expired', reason: 'nobody decided in time' });
    for (const id of store.interventions.lateIn('waiting', now - settings.holdMs))
      await this.#move(id, ['waiting'], { state: 'undelivered', reason: 'nobody took it in time' });
  }

  /** As many as may be under way; those of agents that are left alone hide nobody behind them. */
  #sendFrom(state: 'queued' | 'waiting'): void {
    const { interventions } = this.#parts.store;
    for (let offset = 0; ; offset += BATCH) {
      const some = interventions.inState(state, BATCH, offset);
      this.#sendSome(state, some);
      if (some.length < BATCH || this.#busy.size >= this.#parts.settings.maxConcurrent) return;
    }
  }

  #sendSome(state: 'queued' | 'waiting', some: readonly Intervention[]): void {
    const { settings, failed } = this.#parts;
    for (const intervention of some) {
      if (this.#closed || this.#busy.size >= settings.maxConcurrent) return;
      const rests = (this.#resting.get(intervention.id)?.until ?? 0) > performance.now();
      if (rests || this.#busy.has(intervention.agent) || this.#isLeftAlone(intervention)) continue;
      this.#inTurn(intervention.agent, () => this.#send(intervention)).then(() => {
        // A place is free for the next one; those that wait are looked at by the timer alone.
        if (state === 'queued') this.wake();
      }, failed);
    }
  }

  #isLeftAlone({ agent, delivery }: Intervention): boolean {
    return delivery !== 'manual' && this.#parts.isPaused(agent);
  }

  /** One thing at a time for each agent. */
  async #inTurn(agent: string, action: () => Promise<void>): Promise<void> {
    const before = this.#busy.get(agent) ?? Promise.resolve();
    const mine = before.then(action, action);
    this.#busy.set(agent, mine);
    try {
      await mine;
    } finally {
      if (this.#busy.get(agent) === mine) this.#busy.delete(agent);
    }
  }

  async #send({ id, agent, message }: Intervention): Promise<void> {
    const { connection, subjects, settings, store } = this.#parts;
    const now = store.interventions.get(id)?.state;
    if (now !== 'queued' && now !== 'waiting') return; // taken by a hook meanwhile
    const body = JSON.stringify({ id, message });
    let step: Step | undefined;
    try {
      const reply = await connection.request(subjects.steer(agent), body, { timeout: settings.timeoutMs });
      step = stepOf(readJson(reply.data));
    } catch (error) {
      step = this.#stepOfFailure(id, error);
    }
    if (step === undefined || (step.state === 'waiting' && now === 'waiting')) return;
    this.#resting.delete(id);
    await this.#move(id, ['queued', 'waiting'], step);
  }

  /** Undefined: it stays where it is and is tried again. */
  #stepOfFailure(id: string, error: unknown): Step | undefined {
    const { settings } = this.#parts;
    if (error instanceof NatsError && error.code === ErrorCode.NoResponders)
      return { state: 'waiting', reason: 'nobody takes messages for it now: neither a runner nor a hook' };
    const tries = (this.#resting.get(id)?.tries ?? 0) + 1;
    const unacknowledged = error instanceof NatsError && error.code === ErrorCode.Timeout;
    if (unacknowledged && tries >= settings.attempts)
      return {
        state: 'undelivered',
        reason: `its runner did not acknowledge it, ${tries} tries of ${settings.timeoutMs} ms`,
      };
    // While the broker is away nobody has refused anything: that is no try.
    this.#resting.set(id, {
      tries: unacknowledged ? tries : tries - 1,
      until: performance.now() + settings.pollMs,
    });
    if (!unacknowledged) this.#parts.failed(error);
    return undefined;
  }

  /** Records a step with the message that tells of it. */
  async #move(id: string, from: readonly InterventionState[], step: Step): Promise<Intervention | undefined> {
    const { store, subjects, wakeOutbox } = this.#parts;
    const moved = await store.write(() => {
      const row = store.interventions.move(id, from, step, Date.now());
      if (row !== undefined)
        store.outbox.add(`${id}.${row.state}`, subjects.interventionEvent(row.agent), row);
      return row;
    });
    if (moved !== undefined) wakeOutbox();
    return moved;
  }
}

/** The runner cannot tell it now; it may later, or a hook can. */
const LATER = new Set(['CONFLICT', 'BUSY']);

/** What the answer of an agent's runner makes of the message. */
function stepOf(answer: unknown): Step {
  const done = SteerReply.safeParse(answer);
  if (done.success) return { state: 'delivered', via: done.data.delivered };
  const refused = ErrorReply.safeParse(answer);
  if (!refused.success) return { state: 'undelivered', reason: `its runner answered ${preview(answer)}` };
  const { code, message } = refused.data.error;
  return { state: LATER.has(code) ? 'waiting' : 'undelivered', reason: message };
}

function preview(answer: unknown): string {
  return answer === undefined ? 'no JSON' : JSON.stringify(answer).slice(0, 200);
}
