import { commitOf, GitHubServer, issueOf, pullOf } from '../../test/github/server.js';
import { BenchFleet } from '../fleet.js';

const REPOSITORIES = 10;
const AT_ONCE = 3;

export interface SyncTimes {
  readonly sequential: number;
  readonly vigil: number;
  readonly bound: number;
  /** Requests of a sync in which nothing had changed, and those of them that were conditional and answered 304. */
  readonly second: { readonly requests: number; readonly conditional: number };
}

/**
 * Syncs of 10 repositories from a real HTTP server that takes `ms` over each repository, once in a sync as the seed
 * counts it (on its first request; the others are answered at once): one after another, and three at once.
 */
export async function measureSync(ms: number): Promise<SyncTimes> {
  const server = await GitHubServer.start();
  const names = Array.from({ length: REPOSITORIES }, (_, i) => `bench/r${i}`);
  const warm = names.map((name) => name.replace('/r', '/warm'));
  for (const name of [...names, ...warm])
    server.add(name, {
      issues: [issueOf(1, 1), issueOf(2, 2)],
      pulls: [pullOf(3, 3)],
      commits: [commitOf(2), commitOf(1)],
      latencyMs: warm.includes(name) ? 0 : ms,
    });
  const github = {
    baseUrl: server.url,
    repos: [...names, ...warm],
    intervalMs: 0,
    maxConcurrent: AT_ONCE,
  };
  const fleet = await BenchFleet.start({ github }, {});
  const sync = async (payload: object) => {
    const from = server.seen.length;
    const { ms: took, result } = await fleet.trigger('sync', payload);
    const [failure] = result.failures;
    if (failure !== undefined) throw new Error(`sync: ${JSON.stringify(failure)}`);
    return { took, seen: server.seen.slice(from) };
  };
  try {
    // The figures are of a system that runs, not of its first requests.
    await sync({ repos: warm });
    await sync({ repos: warm });
    const first = await sync({ repos: names });
    const second = await sync({ repos: names, maxConcurrent: 1 });
    const unchanged = second.seen.filter(({ conditional, status }) => conditional && status === 304);
    return {
      vigil: first.took,
      sequential: second.took,
      bound: Math.ceil(REPOSITORIES / AT_ONCE) * ms,
      second: { requests: second.seen.length, conditional: unchanged.length },
    };
  } finally {
    await fleet.stop();
    server.stop();
  }
}
