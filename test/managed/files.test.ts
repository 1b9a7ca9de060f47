import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { LineCutter } from '../../src/managed/line-cutter.js';
import { RotatingFile } from '../../src/managed/rotating-file.js';
import { outputRecord, recordStamp } from '../../src/messages/output-record.js';
import { testFolder } from '../folder.js';

t.test('lines are the same however the bytes are cut', async (t) => {
  const line = fc.string({ unit: 'binary', maxLength: 40 }).map((text) => text.replaceAll(/[\r\n]/g, ' '));
  fc.assert(
    fc.property(
      fc.array(line),
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 4, max: 64 }),
      (lines, step, max) => {
        const bytes = Buffer.from(lines.map((each) => `${each}\n`).join(''));
        const cutter = new LineCutter(max);
        const cut: string[] = [];
        for (let i = 0; i < bytes.length; i += step) cut.push(...cutter.push(bytes.subarray(i, i + step)));
        cut.push(...cutter.end());
        const whole = lines.map((each) => Buffer.from(each).toString());
        return (
          cut.every((each) => each.length <= max && Buffer.from(each).toString() === each) &&
          cut.join('') === whole.join('')
        );
      },
    ),
    { numRuns: 500 },
  );
  t.same(new LineCutter(10).push(Buffer.from('a\r\n\nb\n')), ['a', '', 'b']);
});

t.test('rotation: no file over its bound, no line cut, the newest kept', async (t) => {
  const path = join(testFolder(t), 'out.jsonl');
  const file = await RotatingFile.open({ path, maxBytes: 1_000, maxFiles: 3 });
  const lines = Array.from({ length: 500 }, (_, i) => `line ${String(i).padStart(4, '0')}\n`);
  // Appends larger than a file, and several at once.
  await Promise.all([
    file.append(Buffer.from(lines.slice(0, 300).join(''))),
    ...lines.slice(300).map((line) => file.append(Buffer.from(line))),
  ]);
  await file.close();
  const names = readdirSync(join(path, '..')).sort();
  t.same(names, ['out.jsonl', 'out.jsonl.1', 'out.jsonl.2']);
  for (const name of names) t.ok(statSync(join(path, '..', name)).size <= 1_000);
  const kept = [2, 1, 0].map((n) => readFileSync(n === 0 ? path : `${path}.${n}`, 'utf8')).join('');
  t.ok(lines.join('').endsWith(kept), 'the end of what was written, without a gap');
  t.ok(kept.length > 2_000);
});

t.test('rotation: one file is a bound as well; a line longer than the bound goes somewhere', async (t) => {
  const path = join(testFolder(t), 'out.jsonl');
  const file = await RotatingFile.open({ path, maxBytes: 10, maxFiles: 1 });
  for (const text of ['12345\n', '67890\n', `${'x'.repeat(20)}\n`, 'end\n'])
    await file.append(Buffer.from(text));
  await file.close();
  t.same(readdirSync(join(path, '..')), ['out.jsonl']);
  t.equal(readFileSync(path, 'utf8'), 'end\n');
});

t.test('a file that is there is gone on with', async (t) => {
  const folder = testFolder(t, { 'out.jsonl': 'before\n' });
  const file = await RotatingFile.open({ path: join(folder, 'out.jsonl'), maxBytes: 10, maxFiles: 2 });
  await file.append(Buffer.from('after\n'));
  await file.close();
  t.equal(readFileSync(join(folder, 'out.jsonl.1'), 'utf8'), 'before\n');
});

t.test('a record is one line of JSON, whatever the text', async (t) => {
  const stamp = recordStamp('2026-01-01T00:00:00.000Z', 'stdout');
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (text) => {
      const record = outputRecord(stamp, text);
      return !record.includes('\n') && typeof JSON.parse(record) === 'object';
    }),
    { numRuns: 2_000 },
  );
  const parsed = (text: string) => JSON.parse(outputRecord(stamp, text));
  t.match(parsed('{"timestamp":"mine","a":1}'), { timestamp: 'mine', a: 1, stream: 'stdout' });
  t.match(parsed('{}'), { text: '{}' });
  for (const text of [
    'ERROR: x',
    '[ERROR] x',
    'Error: x',
    'sqlite3.OperationalError: x',
    'fatal: not a git repository',
  ])
    t.equal(parsed(text).level, 'error', text);
  for (const text of ['No errors found', 'Errors: 0', 'Error handling was added', 'the Error: x'])
    t.equal(parsed(text).level, undefined, text);
});
