import { fork } from 'node:child_process';
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Status } from '../src/messages/requests.js';
import { BenchFleet } from './fleet.js';
import { print, row } from './report.js';

/**
 * Heartbeats from another process, 10,000 in a second: none may be lost, and nothing else in the supervisor may wait for
 * them. The supervisor runs in this process, so its event loop is the one that is measured.
 *
 *   npm run bench:health -- [--json] [--full]
 *
 * `--full` takes 60 s, without it 10 s.
 */
const SECONDS = process.argv.includes('--full') ? 60 : 10;
const PER_SECOND = 10_000;
const AGENTS = 2_000;
const MAX_DELAY_MS = 50;
const NANOS_PER_MS = 1e6;
const REGISTER_AT_ONCE = 1_000;
const SETTLE_MS = 5_000;

const fleet = await BenchFleet.start({ hosts: { count: 1 }, logLevel: 'error' }, {});
const ask = async <T>(endpoint: string, body: object): Promise<T> =>
  (await fleet.client.request(`vigil.rpc.${endpoint}`, JSON.stringify(body), { timeout: 60_000 })).json<T>();
const health = async () => (await ask<Status>('status', {})).health;
try {
  const agents = Array.from({ length: AGENTS }, (_, i) => ({ id: `a${i}`, logs: [] }));
  for (let i = 0; i < AGENTS; i += REGISTER_AT_ONCE)
    await ask('agents.register', { agents: agents.slice(i, i + REGISTER_AT_ONCE) });
  // Its actors are spawned on their host meanwhile.
  await sleep(SETTLE_MS);

  const delay = monitorEventLoopDelay({ resolution: 1 });
  const { url, nkeyFile } = fleet.agent;
  const sender = fork(new URL('./health/heartbeats.js', import.meta.url), [
    JSON.stringify({ url, nkeyFile, agents: AGENTS, perSecond: PER_SECOND, seconds: SECONDS }),
  ]);
  sender.once('message', () => delay.enable());
  let sent = 0;
  let took = 0;
  sender.on('message', (message: { sent?: number; ms?: number }) => {
    sent = message.sent ?? 0;
    took = message.ms ?? 0;
  });
  await once(sender, 'exit');
  let counts = await health();
  for (let i = 0; i < 50 && counts.heartbeats < sent; i++) {
    await sleep(100);
    counts = await health();
  }
  delay.disable();
  const lost = sent - counts.heartbeats + counts.lost + counts.unknown + counts.invalid;
  const p99 = delay.percentile(99) / NANOS_PER_MS;
  const rate = Math.round(sent / (took / 1_000));
  print(
    row(
      `heartbeats lost of ${sent}, ${SECONDS} s`,
      lost,
      0,
      'below',
      `${rate}/s from another process, ${AGENTS} agents; ${counts.duplicates} twice, ${counts.reordered} late`,
    ),
  );
  print(
    row(
      'heartbeats: rate over 10,000/s',
      rate / PER_SECOND,
      0.99,
      'above',
      `${sent} in ${(took / 1_000).toFixed(1)} s`,
    ),
  );
  print(
    row(
      'heartbeats: event-loop delay p99 over 50 ms',
      p99 / MAX_DELAY_MS,
      1,
      'below',
      `p50 ${(delay.percentile(50) / NANOS_PER_MS).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, max ${(delay.max / NANOS_PER_MS).toFixed(1)} ms; written down meanwhile every 5 s`,
    ),
  );
  if (counts.unresponsive > 0 || counts.restarts > 0)
    throw new Error(`agents that live were taken for dead: ${JSON.stringify(counts)}`);
} finally {
  await fleet.stop();
}
