import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { takeLock } from '../../src/store/lock.js';
import { testFolder } from '../folder.js';
import { isAlive, jsonLines, until, vigil } from '../system/processes.js';

t.setTimeout(120_000);

interface Found {
  readonly bench: string;
  readonly state: string;
  readonly value: number;
}

t.test('vigil bench beside a fleet: figures, and nothing on its record', async (t) => {
  const cwd = testFolder(t, {
    'vigil.config.yaml': 'cycle: {intervalMs: 0}\nagents: [{id: a1, logs: []}]\n',
  });
  const running = vigil(t, ['start'], { cwd });
  await running.says(/^Watching/);
  const run = (...args: string[]) => vigil(t, args, { cwd }).finished();
  const recordOf = async () => {
    const { agents, requests, deadLetters } = JSON.parse((await run('status', '--json')).stdout);
    const events = jsonLines((await run('events', '--json', '--since', '1h')).stdout);
    return { agents, requests, deadLetters, events, files: readdirSync(join(cwd, '.vigil')).sort() };
  };
  const before = await recordOf();
  const { code, stdout, stderr } = await run('bench', '--json');
  t.equal(code, 0, stderr);
  t.equal(stderr, '');
  const { measures } = JSON.parse(stdout) as { measures: Found[] };
  t.same(
    measures.map(({ bench }) => bench),
    ['broker', 'broker', 'disk', 'disk', 'parse', 'analysis'],
  );
  for (const { bench, state, value } of measures) {
    t.match(state, /^(good|fair|slow)$/, bench);
    t.ok(value > 0, bench);
  }
  t.match(measures.at(-1), { detail: /100 agents, .* 0 failed; a cycle over your 1 takes/ });
  t.same(await recordOf(), before, 'nothing is on record of it, nothing left on the disk');
});

t.test('vigil bench without a fleet', async (t) => {
  const cwd = testFolder(t);
  const disk = await vigil(t, ['bench', 'disk'], { cwd }).finished();
  t.equal(disk.code, 0, disk.stderr);
  t.match(disk.stdout, /^(good|fair|slow) +disk: one write +[\d.]+ ms +median of \d+ commits/);
  t.match(disk.stderr, /^Measuring the disk\n/);
  const broker = await vigil(t, ['bench', 'broker'], { cwd }).finished();
  t.match(broker, { code: 1, stdout: /^not measured +broker +- +no supervisor runs on/ });
  t.match(await vigil(t, ['bench', 'speed'], { cwd }).finished(), {
    code: 2,
    stderr: /broker, disk, parse, analysis/,
  });
  t.same(readdirSync(cwd), []);
});

t.test('vigil bench that is interrupted or killed', async (t) => {
  const cwd = testFolder(t);
  const place = join(cwd, '.vigil/.bench');
  const begun = async () => {
    const bench = vigil(t, ['bench', 'analysis'], { cwd });
    const pid = await until('its broker', () => {
      try {
        return JSON.parse(readFileSync(join(place, 'work/vigil/nats/running.json'), 'utf8')).pid as number;
      } catch {
        // Not there yet, or only in part.
        return undefined;
      }
    });
    return { bench, pid };
  };
  const asked = await begun();
  asked.bench.child.kill('SIGINT');
  t.match(await asked.bench.finished(), { code: 130, stdout: '' });
  t.notOk(isAlive(asked.pid));
  t.same(readdirSync(cwd), [], 'it has cleaned up behind itself');

  const killed = await begun();
  killed.bench.child.kill('SIGKILL');
  await killed.bench.finished();
  t.ok(isAlive(killed.pid), 'it could not end its broker');
  t.equal((await vigil(t, ['bench', 'disk'], { cwd }).finished()).code, 0);
  t.notOk(isAlive(killed.pid), 'the next one does');
  t.same(readdirSync(join(cwd, '.vigil')), [], 'and removes its files');
});

t.test('vigil bench while another one runs', async (t) => {
  const cwd = testFolder(t);
  const place = join(cwd, '.vigil/.bench');
  mkdirSync(place, { recursive: true });
  const lock = takeLock(place);
  t.teardown(() => lock.close());
  const before = readdirSync(place);
  t.match(await vigil(t, ['bench', 'disk'], { cwd }).finished(), {
    code: 1,
    stderr: /another bench runs on .*wait for its end/,
  });
  t.same(readdirSync(place), before, 'it has touched nothing');
});
