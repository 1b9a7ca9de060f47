import { BenchFleet } from '../fleet.js';
import { type Asked, ServerProcess } from './server-process.js';

const REPOSITORIES = 10;
const AT_ONCE = 3;

export interface SyncTimes {
  readonly sequential: number;
  readonly vigil: number;
  readonly bound: number;
  /** Of a sync in which nothing had changed. */
  readonly second: Asked;
}

/**
 * Syncs of 10 repositories from a real HTTP server that takes `ms` over each repository, once in a sync as the seed
 * counts it (on its first request; the others are answered at once): one after another, and three at once.
 */
export async function measureSync(ms: number): Promise<SyncTimes> {
  const names = Array.from({ length: REPOSITORIES }, (_, i) => `bench/r${i}`);
  const warm = names.map((name) => name.replace('/r', '/warm'));
  const server = await ServerProcess.start(
    Object.fromEntries([...names.map((name) => [name, ms]), ...warm.map((name) => [name, 0])]),
  );
  const github = {
    baseUrl: server.url,
    repos: [...names, ...warm],
    intervalMs: 0,
    maxConcurrent: AT_ONCE,
  };
  const fleet = await BenchFleet.start({ github }, {});
  const sync = async (payload: object) => {
    await server.asked();
    const { ms: took, result } = await fleet.trigger('sync', payload);
    const [failure] = result.failures;
    if (failure !== undefined) throw new Error(`sync: ${JSON.stringify(failure)}`);
    return { took, asked: await server.asked() };
  };
  try {
    // The figures are of a system that runs, not of its first requests.
    await sync({ repos: warm });
    await sync({ repos: warm });
    const first = await sync({ repos: names });
    const second = await sync({ repos: names, maxConcurrent: 1 });
    return {
      vigil: first.took,
      sequential: second.took,
      bound: Math.ceil(REPOSITORIES / AT_ONCE) * ms,
      second: second.asked,
    };
  } finally {
    await fleet.stop();
    server.stop();
  }
}
