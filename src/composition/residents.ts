import type { KvEntry, QueuedIterator } from 'nats';
import type { agentBehaviour } from '../actors/agent.js';
import type { LogFollower } from '../actors/log-follower.js';
import type { Bus } from '../actors/runtime/bus.js';
import type { ActorSystem } from '../actors/runtime/system.js';
import { whenLed } from '../broker/readiness.js';
import type { Logger } from '../log.js';
import { Placement } from '../messages/actor-protocols.js';
import type { AgentSpec } from '../messages/agents.js';
import type { Subjects } from '../messages/subjects.js';

/** The agents' actors of this host, as the placement bucket wants them. Changes of one agent come one after another. */
export class Residents {
  readonly #host: string;
  readonly #system: ActorSystem;
  readonly #behaviourOf: (spec: AgentSpec) => ReturnType<typeof agentBehaviour>;
  readonly #follower: LogFollower | undefined;
  readonly #log: Logger;
  /** What runs here: the spec it was started with, as text, because specs come anew with each entry. */
  readonly #specs = new Map<string, string>();
  readonly #changes = new Map<string, Promise<void>>();

  constructor(
    host: string,
    system: ActorSystem,
    behaviourOf: (spec: AgentSpec) => ReturnType<typeof agentBehaviour>,
    follower: LogFollower | undefined,
    log: Logger,
  ) {
    this.#host = host;
    this.#system = system;
    this.#behaviourOf = behaviourOf;
    this.#follower = follower;
    this.#log = log;
  }

  get size(): number {
    return this.#specs.size;
  }

  apply(agent: string, placement: Placement | undefined, revision: number): void {
    const before = this.#changes.get(agent) ?? Promise.resolve();
    const change = before
      .then(() =>
        placement?.host === this.#host
          ? this.#run(placement.spec, revision)
          : this.#end(agent, placement !== undefined),
      )
      .catch((error: unknown) => this.#log.error({ agent, err: error }, 'agent could not be placed here'))
      .finally(() => {
        if (this.#changes.get(agent) === change) this.#changes.delete(agent);
      });
    this.#changes.set(agent, change);
  }

  async #run(spec: AgentSpec, revision: number): Promise<void> {
    const text = JSON.stringify(spec);
    if (this.#specs.get(spec.id) === text) {
      this.#system.renew('agent', spec.id, revision);
      this.#follower?.follow(spec, revision);
      return;
    }
    await this.#end(spec.id, true);
    this.#specs.set(spec.id, text);
    try {
      await this.#system.spawn(this.#behaviourOf(spec), spec.id, revision);
      this.#follower?.follow(spec, revision);
    } catch (error) {
      this.#specs.delete(spec.id);
      throw error;
    }
  }

  /** @param moved it goes on on another host. */
  async #end(agent: string, moved: boolean): Promise<void> {
    if (!this.#specs.delete(agent)) return;
    this.#follower?.unfollow(agent);
    await this.#system.stopActor('agent', agent, moved);
  }
}

/** Wait before the placement is followed again when the broker could not serve it yet. */
const REFOLLOW_MS = 500;

/** Follows the placement bucket, anew after each reconnect: the broker forgets a watch when it restarts. */
export async function followPlacement(
  bus: Bus,
  subjects: Subjects,
  residents: Residents,
  waitMs: number,
  log: Logger,
): Promise<{ stop(): void }> {
  const { views } = bus.connection.jetstream();
  const bucket = await whenLed(waitMs, () => views.kv(subjects.placementBucket, { bindOnly: true }));
  let entries: QueuedIterator<KvEntry> | undefined;
  let stopped = false;
  const follow = async (): Promise<void> => {
    const own = await bucket.watch();
    entries = own;
    // The broker took its time: nobody is there any more to stop it.
    if (stopped) own.stop();
    const read = async () => {
      for await (const entry of own) residents.apply(entry.key, readPlacement(entry, log), entry.revision);
    };
    read().catch((error: unknown) => log.error({ err: error }, 'placement watch ended'));
  };
  let retry: NodeJS.Timeout | undefined;
  const again = () => {
    clearTimeout(retry);
    entries?.stop();
    follow().catch((error: unknown) => {
      // The stream may come back later than the connection; without the watch this host would miss its agents.
      log.warn({ err: error }, 'placement cannot be followed yet');
      if (bus.connected && !stopped) retry = setTimeout(again, REFOLLOW_MS);
    });
  };
  bus.on('reconnect', again);
  await whenLed(waitMs, follow);
  return {
    stop: () => {
      stopped = true;
      clearTimeout(retry);
      bus.off('reconnect', again);
      entries?.stop();
    },
  };
}

/** Undefined when the agent is placed nowhere. */
function readPlacement(entry: KvEntry, log: Logger): Placement | undefined {
  if (entry.operation !== 'PUT') return undefined;
  let value: unknown;
  try {
    value = entry.json();
  } catch (error) {
    log.error({ agent: entry.key, err: error }, 'placement is not JSON');
    return undefined;
  }
  const parsed = Placement.safeParse(value);
  if (parsed.success && parsed.data.spec.id === entry.key) return parsed.data;
  log.error({ agent: entry.key, err: parsed.error }, 'placement does not fit its schema');
  return undefined;
}
