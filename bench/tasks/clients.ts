import { readFileSync } from 'node:fs';
import { connect, nkeyAuthenticator } from 'nats';

/**
 * Agents on connections of their own, in a process of their own: each claims, finishes and claims again until nothing is
 * left. Prints what they did as JSON.
 *
 *   node dist/bench/tasks/clients.js URL SEED_FILE CLIENTS BATCH
 */
const [url = '', seedFile = '', clients = '50', batch = '10'] = process.argv.slice(2);
const seed = new TextEncoder().encode(readFileSync(seedFile, 'utf8').trim());
const claims = new Map<string, number>();
const latencies: number[] = [];

interface Batch {
  readonly completed: string[];
  readonly claimed: { id: string; token: number }[];
  readonly failures: unknown[];
}

const connections = await Promise.all(
  Array.from({ length: Number(clients) }, (_, i) =>
    connect({ servers: url, authenticator: nkeyAuthenticator(seed), inboxPrefix: `_INBOX_agent.c${i}` }),
  ),
);

async function work(at: number): Promise<void> {
  const nc = connections[at] as (typeof connections)[number];
  for (let held: Batch['claimed'] = []; ; ) {
    const body = JSON.stringify({
      complete: held.map(({ id, token }) => ({ id, token })),
      claim: { agent: `agent-${at}`, limit: Number(batch) },
    });
    const startedAt = performance.now();
    const reply = await nc.request('vigil.rpc.tasks.batch', body, { timeout: 60_000 });
    latencies.push(performance.now() - startedAt);
    const { completed, claimed, failures } = reply.json<Batch>();
    if (completed.length !== held.length || failures.length > 0) throw new Error(JSON.stringify(failures));
    for (const { id } of claimed) claims.set(id, (claims.get(id) ?? 0) + 1);
    if (claimed.length === 0) return;
    held = claimed;
  }
}

const startedAt = performance.now();
await Promise.all(connections.map((_, at) => work(at)));
const seconds = (performance.now() - startedAt) / 1_000;
await Promise.all(connections.map((nc) => nc.close()));
latencies.sort((one, other) => one - other);
const twice = [...claims.values()].filter((times) => times !== 1).length;
console.log(
  JSON.stringify({
    claimed: claims.size,
    twice,
    seconds,
    p50: latencies[Math.floor(latencies.length / 2)],
    p99: latencies[Math.floor(latencies.length * 0.99)],
  }),
);
