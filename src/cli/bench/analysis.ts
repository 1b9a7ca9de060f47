import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentSpec } from '../../messages/agents.js';
import { newId } from '../../messages/ids.js';
import { Settings } from '../../settings/schema.js';
import { startSupervisor } from '../../supervisor.js';
import { Client } from '../client.js';
import { runTrigger } from '../trigger.js';
import { judged, type Measure } from './measure.js';
import { benchDataDir } from './place.js';

const BENCH = 'analysis';
const AGENTS = 100;
const TIMEOUT_MS = 30_000;
const MEND = 'more host processes (hosts.count) or hosts on other machines (vigil host) analyse more at once';

export interface AnalysisOptions {
  readonly folder: string;
  /** What each of its agents has written. */
  readonly session: Buffer;
  /** Of the fleet. */
  readonly settings: Settings;
  /** Agents of the fleet that runs, if one does. */
  readonly active: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * How many agents a second a Vigil of this machine analyses: one of its own for the time, with a broker and a record of its own,
 * so that nothing of it comes near the fleet.
 *
 * @throws the reason of `signal` when it was aborted; all that was started is stopped then.
 */
export async function benchAnalysis(options: AnalysisOptions): Promise<Measure[]> {
  const { folder, session, settings, active, signal } = options;
  const { nats, hosts, analysis } = settings;
  // Of the fleet's settings only what bears on speed: no notices, no GitHub, no model.
  const own = Settings.parse({
    dataDir: benchDataDir(folder),
    prefix: 'bench',
    logLevel: 'silent',
    nats: { port: 0, server: nats.server, install: nats.install, releaseUrl: nats.releaseUrl },
    hosts,
    analysis,
    cycle: { intervalMs: 0 },
    http: { enabled: false },
    agents: agentsIn(folder, session),
  });
  const supervisor = await startSupervisor(own);
  try {
    const running = { ...supervisor.client, pid: process.pid, prefix: own.prefix };
    const client = await Client.connect(running, own);
    try {
      // Once to have them placed and their logs read; what counts is the second time.
      await analyse(client, own, running, signal);
      const began = performance.now();
      const failed = await analyse(client, own, running, signal);
      const seconds = (performance.now() - began) / 1_000;
      const rate = AGENTS / seconds;
      const fleet =
        active === undefined
          ? ''
          : `; a cycle over your ${active} takes about ${(active / rate).toFixed(1)} s`;
      return [
        judged(
          {
            bench: BENCH,
            name: 'verdicts',
            value: rate,
            unit: 'agents/s',
            detail: `${AGENTS} agents, forced, from trigger to result, ${failed} failed${fleet}`,
          },
          { good: 50, slow: 10, mend: MEND },
        ),
      ];
    } finally {
      await client.close();
    }
  } finally {
    await supervisor.stop();
  }
}

function agentsIn(folder: string, session: Buffer): AgentSpec[] {
  const workspace = join(folder, 'agents');
  mkdirSync(workspace);
  return Array.from({ length: AGENTS }, (_, i) => {
    const log = `agent-${i}.jsonl`;
    writeFileSync(join(workspace, log), session);
    return { id: `bench-${i}`, workspace, logs: [log] };
  });
}

async function analyse(
  client: Client,
  own: Settings,
  running: { readonly url: string },
  signal: AbortSignal,
): Promise<number> {
  const run = runTrigger({
    client,
    settings: { ...own, nats: { ...own.nats, ...running } },
    kind: 'analyze',
    payload: { force: true },
    id: newId(),
    known: false,
    timeoutMs: TIMEOUT_MS,
    signal,
    came: () => {},
    away: () => {},
  });
  // It says nothing any more when it is let go of.
  const { failures } = await Promise.race([run, aborted(signal)]);
  return failures.length;
}

async function aborted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort');
  throw signal.reason;
}
