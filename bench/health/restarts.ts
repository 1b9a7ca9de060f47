import { readFileSync } from 'node:fs';
import { connect, nkeyAuthenticator } from 'nats';
import { BenchFleet } from '../fleet.js';

const AGENTS = 20;
const AT_ONCE = 5;

/**
 * Restarts of 20 agents that take `ms` each to be up again: one after another, and as Vigil does them, 5 at once. The
 * agents are played over the wire, with a connection of their own.
 */
export async function measureRestarts(
  ms: number,
): Promise<{ sequential: number; vigil: number; bound: number }> {
  const ids = Array.from({ length: AGENTS }, (_, i) => `agent-${i}`);
  const fleet = await BenchFleet.start(
    { agents: ids.map((id) => ({ id, logs: [] })), health: { maxConcurrent: AT_ONCE } },
    {},
  );
  const { url, nkeyFile } = fleet.agent;
  const seed = new TextEncoder().encode(readFileSync(nkeyFile ?? '', 'utf8').trim());
  const agents = await connect({
    servers: url,
    authenticator: nkeyAuthenticator(seed),
    inboxPrefix: '_INBOX_agent.bench',
  });
  try {
    const restarts = new Map<string, number>();
    let seq = 0;
    const beat = (id: string) => {
      const own = { instance: 'bench', seq: seq++, at: '', state: 'running', pid: 1, intervalMs: 600_000 };
      const body = { ...own, restarts: restarts.get(id) ?? 0 };
      agents.publish(`vigil.agent.${id}.heartbeat`, JSON.stringify(body));
    };
    agents.subscribe('vigil.agent.*.control', {
      callback: (_error, message) => {
        const id = message.subject.split('.')[2] ?? '';
        setTimeout(() => {
          restarts.set(id, (restarts.get(id) ?? 0) + 1);
          beat(id);
          message.respond(JSON.stringify({ action: 'restart', state: 'running', at: '' }));
        }, ms);
      },
    });
    for (const id of ids) beat(id);
    await agents.flush();
    const restart = async (which: readonly string[]): Promise<number> => {
      const startedAt = performance.now();
      const body = JSON.stringify({ ids: which });
      const reply = await fleet.client.request('vigil.rpc.agents.restart', body, { timeout: 60_000 });
      const { restarts: done, failures } = reply.json<{ restarts: unknown[]; failures: unknown[] }>();
      if (done.length !== which.length || failures.length > 0)
        throw new Error(`restart: ${done.length} of ${which.length}, failures ${JSON.stringify(failures)}`);
      return performance.now() - startedAt;
    };
    await restart(ids.slice(0, 1));
    const vigil = await restart(ids);
    let sequential = 0;
    for (const id of ids) sequential += await restart([id]);
    return { sequential, vigil, bound: Math.ceil(AGENTS / AT_ONCE) * ms };
  } finally {
    await agents.close();
    await fleet.stop();
  }
}
