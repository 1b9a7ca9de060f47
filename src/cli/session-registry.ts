import type { Root } from '../discovery/roots.js';
import type { AgentSpec } from '../messages/agents.js';
import type { Client } from './client.js';

const TIMEOUT_MS = 30_000;
/** Agents in one message: well below what a broker takes. */
const BATCH = 500;
const PAGE = 500;

/** Puts sessions on record, and takes them off. */
export class SessionRegistry {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async add(specs: readonly AgentSpec[]): Promise<void> {
    for (let i = 0; i < specs.length; i += BATCH)
      await this.#client.request('agents.register', { agents: specs.slice(i, i + BATCH) }, TIMEOUT_MS);
  }

  async remove(ids: readonly string[]): Promise<void> {
    for (let i = 0; i < ids.length; i += BATCH)
      await this.#client.request('agents.remove', { ids: ids.slice(i, i + BATCH) }, TIMEOUT_MS);
  }

  /** Takes off what an earlier `vigil watch` of these roots has left there and is over meanwhile. */
  async removeOthers(roots: readonly Root[], current: readonly string[]): Promise<void> {
    const folders = new Set(roots.filter(({ file }) => file === undefined).map(({ path }) => path));
    const kept = new Set(current);
    const old: string[] = [];
    for (let after: string | null | undefined; after !== null; ) {
      const page = await this.#client.request('agents.list', { after, limit: PAGE }, TIMEOUT_MS);
      for (const { id, workspace, logs } of page.agents) {
        const ofWatch = workspace !== undefined && folders.has(workspace) && logs.length === 1;
        if (ofWatch && !kept.has(id)) old.push(id);
      }
      after = page.next;
    }
    await this.remove(old);
  }
}
