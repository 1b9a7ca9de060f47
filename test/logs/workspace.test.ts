import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { LogCollector } from '../../src/logs/collector.js';
import type { Parse } from '../../src/logs/parse-chunk.js';
import { readAll } from '../../src/logs/workspace.js';
import { collect, inThread, lines, temporaryFolder } from './fixtures.js';

const at = (second: number): string => `2026-01-01T10:00:0${second}Z`;

t.test('the files of a workspace become one stream, by time', async (t) => {
  const root = temporaryFolder(t);
  writeFileSync(
    join(root, 'a.log'),
    lines({ time: at(1), role: 'user', text: '1' }, { role: 'user', text: '1b' }),
  );
  appendFileSync(join(root, 'a.log'), lines({ time: at(4), role: 'user', text: '4' }));
  writeFileSync(
    join(root, 'b.log'),
    lines({ time: at(2), role: 'user', text: '2' }, { time: at(4), role: 'user', text: '4 of b' }),
  );
  writeFileSync(join(root, 'c.log'), 'no time\n');
  const collectors = ['a.log', 'b.log', 'c.log'].map((name) => collect(join(root, name), {}, root));
  const read = await readAll(collectors, { final: true, baseIndex: 7 });
  t.same(
    read.events.map((event) => event.text),
    ['no time', '1', '1b', '2', '4', '4 of b'],
  );
  t.same(
    read.events.map((event) => event.index),
    [7, 8, 9, 10, 11, 12],
  );
  t.equal(read.nextIndex, 13);
  t.match(await readAll(collectors, { baseIndex: read.nextIndex }), {
    changed: false,
    nextIndex: 13,
    failures: [],
  });
});

t.test('a file that cannot be read is named, and the others are read', async (t) => {
  const root = temporaryFolder(t);
  writeFileSync(join(root, 'a.log'), lines({ role: 'user', text: 'a' }));
  writeFileSync(join(root, 'empty.log'), '');
  const paths = ['missing.log', 'a.log', 'empty.log'].map((name) => join(root, name));
  const read = await readAll(
    paths.map((path) => collect(path, {}, root)),
    { final: true },
  );
  t.match(read.events, [{ text: 'a' }]);
  t.same(
    new Set(read.failures.map((failure) => `${failure.code} ${failure.message}`)),
    new Set([`NOT_FOUND ${paths[0]} does not exist`, `UNREADABLE ${paths[2]} is empty`]),
  );
});

t.test('no more files are read at once than allowed', async (t) => {
  const root = temporaryFolder(t);
  let now = 0;
  let most = 0;
  const parse: Parse = async (request) => {
    now += 1;
    most = Math.max(most, now);
    // Each waits for its two neighbours; a fourth at the same time would show in `most`.
    while (most < 3) await new Promise((resolve) => setImmediate(resolve));
    now -= 1;
    return inThread(request);
  };
  const collectors = Array.from({ length: 12 }, (_, number) => {
    const path = join(root, `${number}.log`);
    writeFileSync(path, lines({ role: 'user', text: `${number}` }));
    return new LogCollector({ path, parse });
  });
  const read = await readAll(collectors, { maxConcurrent: 3 });
  t.equal(read.events.length, 12);
  t.equal(most, 3);
});
