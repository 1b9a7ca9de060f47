import { FigureHistory } from '../../health/figures.js';
import type { HeartbeatBook, Pulse } from '../../health/heartbeat-book.js';
import type { AgentAnomaly } from '../../messages/health.js';
import { newId } from '../../messages/ids.js';
import type { HealthSettings } from '../../settings/health.js';
import type { Publishing } from '../events.js';

/** Rows of one transaction: a large fleet is written down in small bites, so that nothing else waits for it. */
const BITE = 200;
const PRUNE_EVERY_MS = 60_000;

export interface RecordsParts extends Publishing {
  readonly book: HeartbeatBook;
  readonly settings: HealthSettings;
  monotonic(): number;
}

/** Writes heartbeats down: the latest of each agent, and a sample of its figures now and then, which are compared. */
export class HealthRecords {
  readonly #parts: RecordsParts;
  readonly #histories = new Map<string, FigureHistory>();
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> | undefined;
  #prunedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: RecordsParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => void this.flush(), parts.settings.flushMs);
  }

  forget(agent: string): void {
    this.#histories.delete(agent);
  }

  /** Writes what is new. One at a time; what fails is tried again with the next. */
  flush(): Promise<void> {
    this.#running ??= this.#flush()
      .catch(this.#parts.failed)
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
    await this.flush();
  }

  async #flush(): Promise<void> {
    const { store, book, settings, monotonic } = this.#parts;
    const dirty = [...book.all()].filter((pulse) => pulse.dirty);
    for (let i = 0; i < dirty.length; i += BITE) {
      const bite = dirty.slice(i, i + BITE);
      for (const pulse of bite) pulse.dirty = false;
      const due = bite.filter((pulse) => monotonic() - this.#historyOf(pulse).sampledAt >= settings.sampleMs);
      try {
        await store.write(() => {
          store.heartbeats.put(bite.map(rowOf));
          if (due.length > 0)
            store.heartbeats.sample(due.map(({ agent, seenAt, beat }) => ({ agent, at: seenAt, beat })));
        });
      } catch (error) {
        for (const pulse of bite) pulse.dirty = true;
        throw error;
      }
      for (const pulse of due) this.#compare(pulse);
    }
    if (monotonic() - this.#prunedAt < PRUNE_EVERY_MS) return;
    this.#prunedAt = monotonic();
    await store.write(() => store.heartbeats.prune(Date.now() - settings.keepHistoryMs));
  }

  #compare(pulse: Pulse): void {
    const { settings, store, subjects, wakeOutbox, failed, monotonic } = this.#parts;
    const limits = { score: settings.anomalyScore, inARow: settings.anomalySamples };
    const odd = this.#historyOf(pulse).sample(pulse.beat, monotonic(), limits);
    if (odd.length === 0) return;
    const at = new Date().toISOString();
    store
      .write(() => {
        for (const each of odd) {
          const body: AgentAnomaly = { at, agent: pulse.agent, ...each };
          store.outbox.add(`anomaly-${newId()}`, subjects.agentEvent(pulse.agent, 'anomaly'), body);
        }
      })
      .then(wakeOutbox, failed);
  }

  #historyOf({ agent }: Pulse): FigureHistory {
    const history = this.#histories.get(agent) ?? new FigureHistory();
    this.#histories.set(agent, history);
    return history;
  }
}

function rowOf({ agent, seenAt, beat, instances, lost, duplicates, reordered }: Pulse) {
  return { agent, seenAt, beat, instances, lost, duplicates, reordered };
}
