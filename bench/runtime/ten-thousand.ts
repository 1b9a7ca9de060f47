import { fileURLToPath } from 'node:url';
import { BenchFleet } from '../fleet.js';
import { type Row, row } from '../report.js';

const AGENTS = 10_000;
const PER_REQUEST = 1_000;

/** 10,000 agents on two hosts, all analysed by one trigger with a trivial judge. None may be lost. */
export async function fleetRows(): Promise<Row[]> {
  const log = fileURLToPath(new URL('../../../fleet/logs/eps.traj', import.meta.url));
  const fleet = await BenchFleet.start(
    { hosts: { count: 2 }, analysis: { maxConcurrent: 256, deadlineMs: 300_000 } },
    { hostModule: new URL('./trivial-host.js', import.meta.url) },
  );
  try {
    const registeredAt = performance.now();
    for (let from = 0; from < AGENTS; from += PER_REQUEST) {
      const agents = Array.from({ length: PER_REQUEST }, (_, i) => ({
        id: `agent-${from + i}`,
        logs: [log],
      }));
      await fleet.client.request('vigil.rpc.agents.register', JSON.stringify({ agents }), {
        timeout: 60_000,
      });
    }
    const registration = performance.now() - registeredAt;
    const { ms, result } = await fleet.trigger('analyze', {});
    const {
      items,
      failures,
      itemsOmitted = 0,
    } = result as { items: unknown[]; failures: unknown[]; itemsOmitted?: number };
    const answered = items.length + itemsOmitted;
    const detail = `registered in ${(registration / 1_000).toFixed(1)} s, analysed in ${(ms / 1_000).toFixed(1)} s, ${failures.length} failures, ${itemsOmitted} left out of the final message`;
    return [
      row(`${AGENTS} agents on 2 hosts, one trigger: share answered`, answered / AGENTS, 1, 'above', detail),
    ];
  } finally {
    await fleet.stop();
  }
}
