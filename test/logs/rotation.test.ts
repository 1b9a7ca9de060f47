import { appendFileSync, copyFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { AgentEvent } from '../../src/messages/agent-event.js';
import { collect, lines, temporaryFolder } from './fixtures.js';

const say = (text: string): string => lines({ role: 'user', text });

function texts(events: readonly AgentEvent[]): (string | undefined)[] {
  return events.map((event) => event.text);
}

t.test('rotation by rename: the rest of the old file, then the new one', async (t) => {
  const path = join(temporaryFolder(t), 'agent.log');
  writeFileSync(path, say('a'));
  const collector = collect(path);
  await collector.read();
  appendFileSync(path, say('b'));
  renameSync(path, `${path}.1`);
  writeFileSync(path, say('c'));
  const read = await collector.read();
  t.same(texts(read.events), ['b', 'c']);
  t.same(
    read.events.map((event) => event.index),
    [1, 2],
  );
  t.match(read.notes, [/rotated/]);
  t.ok(
    read.events.every((event) => event.session === undefined),
    'the session goes on',
  );
});

t.test('the end of a session whose log was just rotated keeps the rest of the old file', async (t) => {
  const path = join(temporaryFolder(t), 'agent.log');
  writeFileSync(path, say('a'));
  const collector = collect(path);
  await collector.read();
  appendFileSync(path, say('b'));
  renameSync(path, `${path}.1`);
  writeFileSync(path, '');
  t.same(texts((await collector.read({ final: true })).events), ['b']);
});

t.test('rotation to where it cannot be found is noted, and the new file is read', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'agent.log');
  writeFileSync(path, say('a'));
  const collector = collect(path);
  await collector.read();
  renameSync(path, join(folder, 'zzz'));
  writeFileSync(path, say('c'));
  const read = await collector.read();
  t.match(read.events, [{ text: 'c', session: 'restart-1' }]);
  t.match(read.notes, [/not known/]);
});

t.test(
  'truncation and copytruncate start over, even when the file has outgrown the old offset',
  async (t) => {
    const path = join(temporaryFolder(t), 'agent.log');
    writeFileSync(path, say('a') + say('b'));
    const collector = collect(path);
    await collector.read();
    truncateSync(path, 0);
    appendFileSync(path, say('c'));
    let read = await collector.read();
    t.same(texts(read.events), ['c']);
    t.match(read.events, [{ session: 'restart-1' }]);
    t.match(read.notes, [/truncated/]);
    truncateSync(path, 0);
    appendFileSync(path, say('d') + say('e') + say('f'));
    read = await collector.read();
    t.same(texts(read.events), ['d', 'e', 'f']);
    t.match(read.notes, [/written anew/]);
    t.equal(read.events[0]?.index, 3);
    t.same(
      read.events.map((event) => event.session),
      ['restart-2', undefined, undefined],
    );
  },
);

t.test('a log with the same banner after a restart is not taken for the old one', async (t) => {
  const path = join(temporaryFolder(t), 'agent.log');
  const banner = say('banner'.repeat(300));
  writeFileSync(path, banner + say('a') + say('old one'));
  const collector = collect(path);
  await collector.read();
  writeFileSync(path, banner + say('b') + say('new one') + say('c'));
  t.same(texts((await collector.read()).events).slice(1), ['b', 'new one', 'c']);
});

t.test('a copy with the same content behind another inode is the same log', async (t) => {
  const path = join(temporaryFolder(t), 'agent.log');
  writeFileSync(path, say('a'));
  const collector = collect(path);
  await collector.read();
  copyFileSync(path, `${path}.new`);
  appendFileSync(`${path}.new`, say('b'));
  renameSync(`${path}.new`, path);
  t.match(await collector.read(), { events: [{ index: 1, text: 'b' }], notes: [] });
});

t.test('a file that goes is noted once, and read when it is there again', async (t) => {
  const path = join(temporaryFolder(t), 'agent.log');
  const collector = collect(path);
  await t.rejects(collector.read(), { code: 'NOT_FOUND' }, 'never was there');
  writeFileSync(path, say('a'));
  await collector.read();
  rmSync(path);
  t.match(await collector.read(), { changed: false, notes: ['the file is gone'] });
  t.same((await collector.read()).notes, []);
  writeFileSync(path, say('b'));
  t.match(await collector.read(), { events: [{ index: 1, text: 'b' }] });
});
