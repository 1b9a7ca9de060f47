import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { type CollectorOptions, LogCollector } from '../../src/logs/collector.js';
import type { Parse } from '../../src/logs/parse-chunk.js';
import { readLog } from '../../src/logs/read-log.js';
import type { AgentEvent } from '../../src/messages/agent-event.js';
import { collect, fleetLog, inThread, lines, temporaryFolder } from './fixtures.js';

const say = (text: string): string => lines({ role: 'user', text });

function texts(events: readonly AgentEvent[]): (string | undefined)[] {
  return events.map((event) => event.text);
}

t.test('only what was appended is read, and the indexes run on', async (t) => {
  const path = join(temporaryFolder(t), 'agent.log');
  writeFileSync(path, say('a') + say('b'));
  const collector = collect(path);
  t.same(texts((await collector.read()).events), ['a', 'b']);
  t.match(await collector.read(), { changed: false, bytesRead: 0, events: [] });
  appendFileSync(path, say('c'));
  const read = await collector.read();
  t.match(read, { changed: true, bytesRead: say('c').length, events: [{ index: 2, text: 'c' }] });
});

t.test('a half-written line waits for its rest, in a live log and when cut inside a character', async (t) => {
  const path = join(temporaryFolder(t), 'agent.log');
  const line = Buffer.from(say('grün'));
  writeFileSync(path, Buffer.concat([Buffer.from(say('a')), line.subarray(0, line.length - 6)]));
  const collector = collect(path);
  t.same(texts((await collector.read()).events), ['a']);
  t.same((await collector.read()).events, []);
  appendFileSync(path, line.subarray(line.length - 6));
  t.match(await collector.read(), { events: [{ index: 1, text: 'grün' }], notes: [] });
});

t.test(
  'at the end, a last line without newline counts when it is whole, and is noted when not',
  async (t) => {
    const folder = temporaryFolder(t);
    const whole = join(folder, 'whole.log');
    writeFileSync(whole, (say('a') + say('b')).trimEnd());
    t.match(await readLog(whole), { events: [{ text: 'a' }, { text: 'b' }], notes: [] });
    const cut = join(folder, 'cut.log');
    writeFileSync(cut, say('a') + say('b').slice(0, -5));
    const log = await readLog(cut);
    t.same(texts(log.events), ['a']);
    t.same(log.notes, ['line 2: cut off in the middle of a record']);
  },
);

t.test('the last record of a plain log comes with the next quiet look', async (t) => {
  const path = join(temporaryFolder(t), 'output.log');
  writeFileSync(path, '2026-01-01 10:00:00 INFO a\n2026-01-01 10:00:01 ERROR b\n');
  const collector = collect(path);
  t.same(texts((await collector.read()).events), ['a']);
  appendFileSync(path, '  at line 3\n');
  t.same(texts((await collector.read()).events), []);
  t.same(texts((await collector.read()).events), ['b\n  at line 3']);
  t.equal((await collector.read()).changed, false);
});

t.test('a trajectory document gives its new steps as it is rewritten', async (t) => {
  const path = join(temporaryFolder(t), 'run.traj');
  const whole = JSON.parse(readFileSync(fleetLog('eps.traj'), 'utf8')) as {
    trajectory: unknown[];
    info: unknown;
  };
  const all = (await readLog(fleetLog('eps.traj'))).events;
  const collector = collect(path);
  const seen: AgentEvent[] = [];
  for (let steps = 1; steps <= whole.trajectory.length; steps += 1) {
    const done = steps === whole.trajectory.length;
    const document = { ...whole, trajectory: whole.trajectory.slice(0, steps), info: done ? whole.info : {} };
    writeFileSync(path, JSON.stringify(document));
    seen.push(...(await collector.read()).events);
  }
  t.same(seen, all);
});

t.test('empty, binary, UTF-16 and unknown files are refused with the reason', async (t) => {
  const folder = temporaryFolder(t);
  const cases: readonly (readonly [string, Buffer | string, RegExp])[] = [
    ['empty', '', /is empty$/],
    [
      'binary',
      Buffer.from(Array.from({ length: 4096 }, (_, n) => ((n * 7919) % 251) % 9)),
      /not a log that Vigil knows/,
    ],
    ['utf16', Buffer.from('\ufeff2026-01-01 line\nline\n', 'utf16le'), /UTF-16.*iconv/],
    ['json', '{"name": "vigil",\n "version": 1}\n', /not a log that Vigil knows: it starts with/],
  ];
  for (const [name, content, message] of cases) {
    const path = join(folder, name);
    writeFileSync(path, content);
    await t.rejects(readLog(path), { code: 'UNREADABLE', message }, name);
  }
  t.match(
    await collect(join(folder, 'empty')).read(),
    { changed: false, format: undefined },
    'may still be written',
  );
});

t.test('BOM, CRLF, NUL holes and invalid UTF-8 are taken, and noted where something is lost', async (t) => {
  const path = join(temporaryFolder(t), 'agent.log');
  const parts = ['\ufeff', say('a').replace('\n', '\r\n'), '\0\0\0', say('b')];
  const bad = Buffer.from([...Buffer.from('{"role":"user","text":"'), 0xff, 0xfe, ...Buffer.from('"}\n')]);
  writeFileSync(path, Buffer.concat([Buffer.from(parts.join('')), bad]));
  const log = await readLog(path);
  t.same(texts(log.events), ['a', 'b', '\ufffd\ufffd']);
  t.same(log.notes, ['line 2: NUL bytes removed', 'line 3: not valid UTF-8, replaced']);
});

t.test('a line of 100 MB is skipped without being held', async (t) => {
  const path = join(temporaryFolder(t), 'agent.log');
  writeFileSync(path, say('a'));
  const block = Buffer.alloc(10 * 1024 * 1024, 'x');
  for (let count = 0; count < 10; count += 1) appendFileSync(path, block);
  appendFileSync(path, `\n${say('b')}`);
  let largest = 0;
  const parse: Parse = (request) => {
    largest = Math.max(largest, request.bytes.length);
    return inThread(request);
  };
  const log = await readLog(path, { parse });
  t.same(texts(log.events), ['a', 'b']);
  t.same(log.notes, ['line 2: line of 104857600 bytes skipped']);
  t.ok(largest <= 16 * 1024 * 1024, `at most ${largest} bytes at once`);
});

t.test('one read is bounded, and says that there is more', async (t) => {
  const path = join(temporaryFolder(t), 'agent.log');
  writeFileSync(path, say('x').repeat(10_000));
  const collector = collect(path, { chunkBytes: 1000, maxReadBytes: 5000 });
  for (const most of [64 * 1024, 6000, 6000]) {
    const read = await collector.read();
    t.equal(read.more, true);
    t.ok(read.bytesRead <= most, `${read.bytesRead} bytes`);
  }
  const log = await readLog(path, { limits: { chunkBytes: 1000, maxReadBytes: 5000 } });
  t.equal(log.events.length, 10_000);
  t.equal(log.events.at(-1)?.index, 9999);
});

t.test('a parse that fails leaves the cursor: the next read gives everything, once', async (t) => {
  const path = join(temporaryFolder(t), 'agent.log');
  writeFileSync(path, say('x').repeat(10_000));
  let calls = 0;
  const parse: Parse = async (request) => {
    calls += 1;
    if (calls === 3) throw new Error('worker died');
    return inThread(request);
  };
  const collector = new LogCollector({ path, parse, limits: { chunkBytes: 5000 } });
  await t.rejects(collector.read(), { message: 'worker died' });
  const { events } = await collector.read();
  t.equal(events.length, 10_000);
  t.equal(events[0]?.index, 0);
});

t.test('reads at the same time are one after another', async (t) => {
  const path = join(temporaryFolder(t), 'agent.log');
  writeFileSync(path, say('x').repeat(50));
  const collector = collect(path, { chunkBytes: 100 });
  const reads = await Promise.all([collector.read(), collector.read(), collector.read()]);
  t.same(
    reads.map((read) => read.events.length),
    [50, 0, 0],
  );
});

t.test('a stored cursor goes on where it was', async (t) => {
  const path = join(temporaryFolder(t), 'output.log');
  writeFileSync(path, '2026-01-01 10:00:00 INFO a\n2026-01-01 10:00:01 INFO b\n');
  const before = collect(path);
  await before.read();
  appendFileSync(path, '  more of b\n2026-01-01 10:00:02 INFO c\n');
  const options: CollectorOptions = {
    path,
    parse: inThread,
    cursor: JSON.parse(JSON.stringify(before.cursor)),
  };
  const { events } = await new LogCollector(options).read({ final: true });
  t.match(events, [
    { index: 1, text: 'b\n  more of b' },
    { index: 2, text: 'c' },
  ]);
});

t.test('however large the ranges are that a file is read in, the events are the same', async (t) => {
  const path = fleetLog('spotter-agent-a2898e3.jsonl');
  const whole = await readLog(path);
  for (const chunkBytes of [100, 4096, 50_000, 300_000]) {
    t.same(
      (await readLog(path, { limits: { chunkBytes } })).events,
      whole.events,
      `${chunkBytes} bytes at once`,
    );
  }
});

t.test('however a log grows, the events are those of one read', async (t) => {
  const folder = temporaryFolder(t);
  const source = readFileSync(fleetLog('spotter-tool_heavy.jsonl'));
  const whole = await readLog(fleetLog('spotter-tool_heavy.jsonl'));
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 20_000 }), { maxLength: 8 }), async (steps) => {
      run += 1;
      const path = join(folder, `${run}.jsonl`);
      writeFileSync(path, '');
      const collector = collect(path);
      const seen: AgentEvent[] = [];
      let offset = 0;
      for (const step of steps) {
        appendFileSync(path, source.subarray(offset, offset + step));
        offset += step;
        seen.push(...(await collector.read()).events);
      }
      appendFileSync(path, source.subarray(offset));
      seen.push(...(await collector.read({ final: true })).events);
      t.same(seen, whole.events);
    }),
    { numRuns: 25 },
  );
});
