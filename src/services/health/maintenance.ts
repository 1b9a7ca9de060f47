import type { Store } from '../../store/store.js';

/** Who is left alone: neither restarted nor steered. Kept in the record, so that it holds over a restart. */
export class Maintenance {
  readonly #store: Store;
  #fleet: boolean;
  readonly #agents: Set<string>;

  constructor(store: Store) {
    this.#store = store;
    const { fleet, agents } = store.maintenance.present();
    this.#fleet = fleet;
    this.#agents = new Set(agents);
  }

  get fleet(): boolean {
    return this.#fleet;
  }

  get size(): number {
    return this.#agents.size;
  }

  isPaused(agent: string): boolean {
    return this.#fleet || this.#agents.has(agent);
  }

  /** @param ids undefined: the whole fleet. @returns those that are not on record. */
  async pause(ids: readonly string[] | undefined, reason: string | undefined): Promise<string[]> {
    const known = ids === undefined ? undefined : this.#store.agents.known(ids);
    const taken = ids?.filter((id) => known?.has(id));
    if (taken === undefined || taken.length > 0)
      await this.#store.write(() => this.#store.maintenance.pause(taken, reason, Date.now()));
    if (taken === undefined) this.#fleet = true;
    for (const id of taken ?? []) this.#agents.add(id);
    return ids?.filter((id) => !known?.has(id)) ?? [];
  }

  /** @param ids undefined: everybody. @returns who was paused, and whether the fleet was. */
  async resume(ids: readonly string[] | undefined): Promise<{ resumed: string[]; fleet: boolean }> {
    if (ids !== undefined) {
      const resumed = await this.#store.write(() => this.#store.maintenance.resume(ids));
      for (const id of resumed) this.#agents.delete(id);
      return { resumed, fleet: false };
    }
    await this.#store.write(() => this.#store.maintenance.resumeAll());
    const before = { resumed: [...this.#agents], fleet: this.#fleet };
    this.#agents.clear();
    this.#fleet = false;
    return before;
  }

  /** Agents that were removed from the record. */
  async forget(ids: readonly string[]): Promise<void> {
    if (ids.some((id) => this.#agents.has(id))) await this.resume(ids);
  }
}
