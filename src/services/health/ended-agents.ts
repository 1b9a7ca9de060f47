import type { InterventionState } from '../../messages/interventions.js';
import { noteWaiting, type Publishing } from '../events.js';
import { ENDED_REASON } from '../steering.js';

/** Closes what was open for agents whose process has ended: once for each end, also for one that Vigil did not see. */
export class EndedAgents {
  readonly #parts: Publishing;
  /** Those that are closed already. */
  #closed = new Set<string>();

  constructor(parts: Publishing) {
    this.#parts = parts;
  }

  /** @param ended all that have ended by now. @returns those that had not by the look before. */
  look(ended: ReadonlySet<string>): string[] {
    const newly = [...ended].filter((agent) => !this.#closed.has(agent));
    this.#closed = new Set(ended);
    if (newly.length > 0) this.#close(newly);
    return newly;
  }

  #close(agents: readonly string[]): void {
    const { store, wakeOutbox, failed } = this.#parts;
    store
      .write(() => {
        for (const agent of agents) this.#closeOne(agent, Date.now());
      })
      .then(wakeOutbox, (error: unknown) => {
        // The next look tries again.
        for (const agent of agents) this.#closed.delete(agent);
        failed(error);
      });
  }

  #closeOne(agent: string, now: number): void {
    const { store, subjects } = this.#parts;
    store.verdicts.settle(agent);
    noteWaiting(store, subjects, { agent, waits: false, summary: ENDED_REASON }, now);
    for (const { id, state } of store.interventions.undoneOf(agent)) {
      const next: InterventionState = state === 'pending' ? 'expired' : 'undelivered';
      const moved = store.interventions.move(id, [state], { state: next, reason: ENDED_REASON }, now);
      if (moved !== undefined) store.outbox.add(`${id}.${next}`, subjects.interventionEvent(agent), moved);
    }
  }
}
