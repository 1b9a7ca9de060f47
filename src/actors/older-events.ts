import type { AgentEvent } from '../messages/agent-event.js';
import type { LogReader } from './log-reader.js';

/** Kept of one reading: somebody who scrolls back asks for the next page soon. */
const KEPT = 4_000;

/** Events of a log that are older than what is kept of its end: read from its start once more, up to where they are wanted. */
export class OlderEvents {
  readonly #open: () => LogReader;
  /** In order, without gaps. */
  #events: readonly AgentEvent[] = [];

  constructor(open: () => LogReader) {
    this.#open = open;
  }

  /**
   * The newest ones before an index; fewer than `last` where that is what is kept, none at the start of the log.
   *
   * @throws VigilError what reading throws.
   */
  async read(before: number, last: number, signal: AbortSignal): Promise<readonly AgentEvent[]> {
    if (before === 0) return [];
    const end = this.#events.findIndex(({ index }) => index === before - 1) + 1;
    if (end === 0) this.#events = await this.#readBefore(before, signal);
    const known = end === 0 ? this.#events : this.#events.slice(0, end);
    return known.slice(-last);
  }

  letGo(): void {
    this.#events = [];
  }

  async #readBefore(before: number, signal: AbortSignal): Promise<readonly AgentEvent[]> {
    const reader = this.#open();
    const enough = new AbortController();
    let kept: AgentEvent[] = [];
    try {
      await reader.read(
        (events) => {
          kept = [...kept, ...events.filter(({ index }) => index < before)].slice(-KEPT);
          if ((events.at(-1)?.index ?? -1) >= before - 1) enough.abort();
        },
        AbortSignal.any([signal, enough.signal]),
      );
    } catch (error) {
      if (signal.aborted || !enough.signal.aborted) throw error;
    } finally {
      await reader.close();
    }
    return kept;
  }
}
