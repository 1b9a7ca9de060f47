import { measureSync } from './github/sync.js';
import { print, row } from './report.js';

/**
 * The sync of repositories against a real HTTP server (row 9 of the seed's table), and what the second one asks.
 *
 *   npm run build && node dist/bench/github.js [--json] [--scale 1]
 */
const at = process.argv.indexOf('--scale');
const scale = at === -1 ? 1 : Number(process.argv[at + 1]);
const { sequential, vigil, bound, second } = await measureSync(1_000 * scale);
const seconds = (ms: number) => `${(ms / 1_000).toFixed(3)} s`;
print(
  row(
    'sync, 10 repositories x 1 s, c=3',
    vigil / bound,
    1.03,
    'below',
    `one after another ${seconds(sequential)}, Vigil ${seconds(vigil)}, bound ${seconds(bound)}, times x ${scale}`,
  ),
);
print(
  row(
    'second sync: requests that are not conditional',
    second.requests - second.conditional,
    0,
    'below',
    `${second.requests} requests, ${second.conditional} of them answered 304`,
  ),
);
