import { setTimeout as wait } from 'node:timers/promises';
import { nextRestart } from '../../health/restart-schedule.js';
import type { AgentSpec } from '../../messages/agents.js';
import type { AgentEscalated, RestartEvent } from '../../messages/health.js';
import { newId } from '../../messages/ids.js';
import type { HealthSettings } from '../../settings/health.js';
import type { Publishing } from '../events.js';
import type { Restarted } from './restart-agent.js';

export interface RestarterParts extends Publishing {
  readonly settings: HealthSettings;
  monotonic(): number;
  /** Undefined when it is on record no longer. */
  specOf(agent: string): AgentSpec | undefined;
  restart(spec: AgentSpec): Promise<Restarted>;
  /** Asked again right before it is begun: the ladder's reason may be gone by then. */
  stillWanted(agent: string): boolean;
}

const RECORD_AFTER_MS = 5;

interface Job {
  readonly agent: string;
  readonly by: 'ladder' | 'person';
  readonly reason: string;
  /** Undefined: what had not begun is not wanted any more. */
  readonly done: Promise<RestartEvent | undefined>;
  settle(event: RestartEvent | undefined): void;
}

interface History {
  /** Monotonic times at which Vigil restarted it by itself. */
  at: number[];
  random: number;
  escalated: boolean;
}

/** Restarts agents, a bounded number at once and each one once; after too many in a period it asks a person instead. */
export class Restarter {
  readonly #parts: RestarterParts;
  readonly #histories = new Map<string, History>();
  /** Under way or waiting, by agent. */
  readonly #jobs = new Map<string, Job>();
  #waiting: Job[] = [];
  readonly #running = new Set<Promise<unknown>>();
  readonly #ends = new Set<Promise<void>>();
  #count = 0;
  #closed = false;

  constructor(parts: RestarterParts) {
    this.#parts = parts;
    const { store, settings, monotonic } = parts;
    const wall = Date.now();
    for (const { agent, at } of store.restarts.since(wall - settings.periodMs)) {
      // By the wall clock over a restart of this process, there is no other; the future is now.
      const age = Math.max(0, wall - at);
      this.#historyOf(agent).at.push(monotonic() - age);
    }
  }

  get counts(): { readonly restarting: number; readonly restartsWaiting: number; readonly restarts: number } {
    return { restarting: this.#running.size, restartsWaiting: this.#waiting.length, restarts: this.#count };
  }

  get escalated(): number {
    let count = 0;
    for (const { escalated } of this.#histories.values()) if (escalated) count++;
    return count;
  }

  isEscalated(agent: string): boolean {
    return this.#histories.get(agent)?.escalated === true;
  }

  /** It is well again. */
  recovered(agent: string): void {
    const history = this.#histories.get(agent);
    if (history !== undefined) history.escalated = false;
  }

  forget(agent: string): void {
    this.#histories.delete(agent);
  }

  /** The ladder wants it restarted: now, later, or not any more. To be offered again as long as it is wanted. */
  offer(agent: string, reason: string): void {
    if (this.#closed || this.#jobs.has(agent)) return;
    const { settings, monotonic } = this.#parts;
    const now = monotonic();
    const history = this.#historyOf(agent);
    const next = nextRestart(settings, history.at, now, history.random);
    if (next.action === 'restart') {
      if (next.at <= now) this.#enqueue(agent, 'ladder', reason);
    } else if (!history.escalated) {
      history.escalated = true;
      this.#escalate(agent, next.restarts, reason);
    }
  }

  /** A person wants it restarted, whatever was before. Joins a restart that is under way. */
  ask(agent: string, reason: string): Promise<RestartEvent | undefined> {
    const job = this.#jobs.get(agent) ?? this.#enqueue(agent, 'person', reason);
    this.recovered(agent);
    return job.done;
  }

  /** Takes back those of the ladder that have not begun. */
  hold(): void {
    this.#drop(({ by }) => by === 'ladder');
  }

  /** Takes back those that have not begun. */
  withdraw(agents: ReadonlySet<string>): void {
    this.#drop(({ agent }) => agents.has(agent));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#drop(() => true);
    await Promise.all(this.#ends);
  }

  #enqueue(agent: string, by: Job['by'], reason: string): Job {
    let settle: Job['settle'] = () => {};
    const done = new Promise<RestartEvent | undefined>((resolve) => {
      settle = resolve;
    });
    const job: Job = { agent, by, reason, done, settle };
    this.#jobs.set(agent, job);
    // Whoever asks waits for an answer; the ladder does not.
    if (by === 'person') this.#waiting = insertBeforeLadder(this.#waiting, job);
    else this.#waiting.push(job);
    this.#pump();
    return job;
  }

  #drop(whose: (job: Job) => boolean): void {
    const dropped = this.#waiting.filter(whose);
    this.#waiting = this.#waiting.filter((job) => !whose(job));
    for (const job of dropped) this.#end(job, undefined);
  }

  #end(job: Job, event: RestartEvent | undefined): void {
    this.#jobs.delete(job.agent);
    job.settle(event);
  }

  #pump(): void {
    while (this.#running.size < this.#parts.settings.maxConcurrent) {
      const job = this.#waiting.shift();
      if (job === undefined) return;
      if (job.by === 'ladder' && !this.#parts.stillWanted(job.agent)) {
        this.#end(job, undefined);
        continue;
      }
      const run = this.#run(job);
      this.#running.add(run);
      const freed = () => {
        this.#running.delete(run);
        this.#pump();
      };
      // What comes after it is put down while the next one runs.
      const end = run.then((finish) => {
        freed();
        return finish();
      });
      this.#ends.add(end);
      void end.finally(() => this.#ends.delete(end));
    }
  }

  /** @returns what is left to do when the restart itself is over. Neither of them rejects. */
  async #run(job: Job): Promise<() => Promise<void>> {
    const { agent, by, reason } = job;
    const { specOf, restart, failed } = this.#parts;
    const lost = (error: unknown) => {
      failed(error);
      this.#end(job, undefined);
    };
    try {
      const spec = specOf(agent);
      if (spec === undefined) return async () => this.#end(job, undefined);
      const attempt = this.#countAttempt(agent, by);
      const head = { id: newId(), agent, at: new Date().toISOString(), by, reason, attempt };
      const done = await restart(spec);
      const finishedAt = new Date().toISOString();
      return async () => {
        try {
          // A commit holds this process up until the disk has it: what was begun just now is to be on its way first.
          await wait(RECORD_AFTER_MS);
          const event: RestartEvent = { ...head, finishedAt, ...done };
          await this.#record(event);
          this.#end(job, event);
        } catch (error) {
          lost(error);
        }
      };
    } catch (error) {
      return async () => lost(error);
    }
  }

  /** @returns which attempt within the period it is. */
  #countAttempt(agent: string, by: Job['by']): number {
    const { settings, monotonic } = this.#parts;
    const history = this.#historyOf(agent);
    const now = monotonic();
    history.at = history.at.filter((at) => now - at < settings.periodMs);
    const attempt = history.at.length + 1;
    if (by === 'ladder') {
      history.at.push(now);
      history.random = Math.random();
    }
    this.#count++;
    return attempt;
  }

  async #record(event: RestartEvent): Promise<void> {
    const { store, subjects, wakeOutbox } = this.#parts;
    await store.write(() => {
      store.restarts.add(event);
      store.outbox.add(`restart-${event.id}`, subjects.restartEvent(event.agent), event);
    });
    wakeOutbox();
  }

  #escalate(agent: string, restarts: number, reason: string): void {
    const { store, subjects, wakeOutbox, failed, settings } = this.#parts;
    const { periodMs } = settings;
    const help = `restart it with "vigil agents restart ${agent}" once the cause is mended`;
    const body: AgentEscalated = {
      at: new Date().toISOString(),
      agent,
      restarts,
      periodMs,
      message: `${reason}; ${restarts} restarts within ${periodMs / 1_000} s did not help; ${help}`,
    };
    store
      .write(() => store.outbox.add(`escalated-${newId()}`, subjects.agentEvent(agent, 'escalated'), body))
      .then(wakeOutbox, failed);
  }

  #historyOf(agent: string): History {
    let history = this.#histories.get(agent);
    if (history === undefined) {
      history = { at: [], random: Math.random(), escalated: false };
      this.#histories.set(agent, history);
    }
    return history;
  }
}

function insertBeforeLadder(waiting: readonly Job[], job: Job): Job[] {
  const at = waiting.findIndex(({ by }) => by === 'ladder');
  return at === -1 ? [...waiting, job] : [...waiting.slice(0, at), job, ...waiting.slice(at)];
}
