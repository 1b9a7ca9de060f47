import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, headers, type NatsConnection, nkeyAuthenticator } from 'nats';
import type { SupervisorParts } from '../src/composition/composition.js';
import { Settings } from '../src/settings/schema.js';
import { type RunningSupervisor, startSupervisor } from '../src/supervisor.js';

/** A Vigil of its own for a bench, on a free port and in a folder that is removed, with a plain NATS client beside. */
export class BenchFleet {
  readonly client: NatsConnection;
  readonly #supervisor: RunningSupervisor;
  readonly #folder: string;
  #next = 0;

  private constructor(client: NatsConnection, supervisor: RunningSupervisor, folder: string) {
    this.client = client;
    this.#supervisor = supervisor;
    this.#folder = folder;
  }

  static async start(
    settings: Partial<Record<keyof Settings, unknown>>,
    parts: SupervisorParts,
  ): Promise<BenchFleet> {
    const folder = mkdtempSync(join(tmpdir(), 'vigil-bench-'));
    const supervisor = await startSupervisor(
      Settings.parse({ dataDir: folder, nats: { port: 0 }, cycle: { intervalMs: 0 }, ...settings }),
      parts,
    );
    const { url, nkeyFile } = supervisor.client;
    const seed = new TextEncoder().encode(readFileSync(nkeyFile ?? '', 'utf8').trim());
    const client = await connect({ servers: url, authenticator: nkeyAuthenticator(seed) });
    return new BenchFleet(client, supervisor, folder);
  }

  /** Where managed agents connect, and with what. */
  get agent(): RunningSupervisor['agent'] {
    return this.#supervisor.agent;
  }

  /** Where any client connects, and with what. */
  get access(): RunningSupervisor['client'] {
    return this.#supervisor.client;
  }

  /** Publishes a trigger and waits for its final result. @returns it with the time it took, milliseconds. */
  async trigger(
    kind: string,
    payload: object,
  ): Promise<{ ms: number; result: { items: unknown[]; failures: unknown[] } }> {
    const id = `bench-${process.pid}-${this.#next++}`;
    const results = this.client.subscribe(`vigil.result.${kind}`);
    await this.client.flush();
    const own = headers();
    own.set('Nats-Msg-Id', id);
    const startedAt = performance.now();
    await this.client.jetstream().publish(`vigil.trigger.${kind}`, JSON.stringify(payload), { headers: own });
    for await (const message of results) {
      const result = message.json<{ requestId: string; items: unknown[]; failures: unknown[] }>();
      if (result.requestId !== id) continue;
      return { ms: performance.now() - startedAt, result };
    }
    throw new Error('the client was closed');
  }

  async stop(): Promise<void> {
    await this.client.close();
    await this.#supervisor.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
