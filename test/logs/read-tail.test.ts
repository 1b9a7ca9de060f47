import { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readLog } from '../../src/logs/read-log.js';
import { readTail } from '../../src/logs/read-tail.js';
import { fixture, fleetLog, lines, temporaryFolder } from './fixtures.js';

const say = (text: string): string => lines({ role: 'user', text });

for (const path of [
  fleetLog('spotter-agent-a2898e3.jsonl'),
  fleetLog('eps.traj'),
  fixture('codex-rollout.txt'),
  fixture('openhands-trajectory.txt'),
  fixture('aider-tests-fail.txt'),
]) {
  t.test(`the last events of ${path.replace(/^.*\//, '')} are the last events of the whole`, async (t) => {
    const { events, format } = await readLog(path);
    for (const count of [1, 5, 10_000]) {
      const tail = await readTail(path, count);
      t.equal(tail.format, format);
      t.equal(tail.events.length, Math.min(count, events.length));
      t.same(
        tail.events.map(({ kind, text, output, input }) => ({ kind, text, output, input })),
        events.slice(-count).map(({ kind, text, output, input }) => ({ kind, text, output, input })),
      );
      t.equal(tail.more, count < events.length);
      t.same(
        tail.events.map((event) => event.index),
        tail.events.map((_, index) => index),
      );
    }
  });
}

t.test('of a log of a gigabyte only its end is read', async (t) => {
  const path = join(temporaryFolder(t), 'agent.jsonl');
  writeFileSync(path, say('first').repeat(3000));
  truncateSync(path, 1024 * 1024 * 1024); // a hole, which costs no disk
  appendFileSync(path, `\n${say('x').repeat(3000)}${say('last')}`);
  const tail = await readTail(path, 20);
  t.equal(tail.events.length, 20);
  t.equal(tail.events.at(-1)?.text, 'last');
  t.equal(tail.more, true);
  t.ok(tail.bytesRead <= 64 * 1024, `${tail.bytesRead} bytes`);
});

t.test('a bound ends the search, and one long line is no reason to read on for ever', async (t) => {
  const path = join(temporaryFolder(t), 'agent.jsonl');
  writeFileSync(path, say('a') + say('y'.repeat(3 * 1024 * 1024)));
  const none = await readTail(path, 5, { maxBytes: 100_000 });
  t.match(none, { events: [], more: true });
  const both = await readTail(path, 5);
  t.equal(both.events.length, 2);
});

t.test('a half-written last line is left out, and what is no log is refused', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'agent.jsonl');
  writeFileSync(path, say('a') + say('b').slice(0, 10));
  t.match(await readTail(path, 3), { events: [{ text: 'a' }], notes: [/cut off/] });
  writeFileSync(path, '');
  await t.rejects(readTail(path, 3), { code: 'UNREADABLE', message: /is empty$/ });
  await t.rejects(readTail(join(folder, 'no'), 3), { code: 'NOT_FOUND' });
});
