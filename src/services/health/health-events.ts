import type { LevelChange } from '../../health/heartbeat-book.js';
import type { Silence } from '../../health/mass-hold.js';
import type { AgentHealthChanged, FleetHeld, FleetReleased } from '../../messages/health.js';
import { newId } from '../../messages/ids.js';
import type { Publishing } from '../events.js';

export interface HealthEventsParts extends Publishing {
  /** For the log as well. */
  warn(text: string, facts: object): void;
}

/** Tells of steps on the ladder, and of restarts that are held. */
export class HealthEvents {
  readonly #parts: HealthEventsParts;

  constructor(parts: HealthEventsParts) {
    this.#parts = parts;
  }

  /** @param now monotonic. */
  changed(changes: readonly LevelChange[], now: number): void {
    const { subjects } = this.#parts;
    const at = new Date().toISOString();
    this.#publish(
      changes.map(({ pulse, previous }) => {
        const { agent, level, missed, heardAt } = pulse;
        const silentMs = Math.max(0, Math.round(now - heardAt));
        const body: AgentHealthChanged = { at, agent, level, previous, missed, silentMs };
        return [subjects.agentEvent(agent, 'health'), body];
      }),
    );
  }

  held({ silent, watched }: Silence, agents: readonly string[]): void {
    const message = `${silent} of ${watched} agents fell silent at once: nobody is restarted. Look at what they share (network, machine, broker); "vigil agents resume --all" lets restarts go on`;
    const body: FleetHeld = { at: new Date().toISOString(), silent, watched, agents: [...agents], message };
    this.#parts.warn(message, { agents });
    this.#publish([[this.#parts.subjects.fleetEvent('held'), body]]);
  }

  released(silence: Silence, by: FleetReleased['by']): void {
    const body: FleetReleased = { at: new Date().toISOString(), ...silence, by };
    this.#parts.warn('restarts are held no longer', { by });
    this.#publish([[this.#parts.subjects.fleetEvent('released'), body]]);
  }

  #publish(messages: readonly (readonly [subject: string, body: object])[]): void {
    if (messages.length === 0) return;
    const { store, wakeOutbox, failed } = this.#parts;
    store
      .write(() => {
        for (const [subject, body] of messages) store.outbox.add(`health-${newId()}`, subject, body);
      })
      .then(wakeOutbox, failed);
  }
}
