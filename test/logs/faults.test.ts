import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import type { Parse } from '../../src/logs/parse-chunk.js';
import { readLog } from '../../src/logs/read-log.js';
import { safeOpen } from '../../src/logs/safe-open.js';
import { readAll } from '../../src/logs/workspace.js';
import type { AgentEvent } from '../../src/messages/agent-event.js';
import { collect, inThread, lines, temporaryFolder } from './fixtures.js';

// Rows F28 to F31 of the table of faults: what a log, the disk under it and a hostile workspace do to a reader.

const say = (text: string): string => lines({ role: 'user', text });

function texts(events: readonly AgentEvent[]): (string | undefined)[] {
  return events.map((event) => event.text);
}

t.test('F28: a log is rotated 1,000 times while it is read: every line is seen once', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'agent.log');
  const collector = collect(path);
  const seen: string[] = [];
  const notes = new Set<string>();
  let written = 0;
  let looks = 0;
  let done = false;
  const write = (): void => appendFileSync(path, say(`line ${written++}`));
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const writer = async (): Promise<void> => {
    for (let rotation = 0; rotation < 1000; rotation += 1) {
      for (let count = rotation % 7; count >= 0; count -= 1) {
        write();
        if ((written + rotation) % 3 === 0) await turn();
      }
      // A file that comes and goes between two looks is seen by nobody: rotation waits for a look at this one.
      for (const before = looks; looks < before + 2; ) await turn();
      rmSync(`${path}.3`, { force: true });
      for (const number of [2, 1]) renameIfThere(`${path}.${number}`, `${path}.${number + 1}`);
      // Written after the last look, and only to be found in the file that was renamed.
      write();
      renameSync(path, `${path}.1`);
      if (rotation % 2 === 0) await turn();
      write();
    }
    done = true;
  };
  const reader = async (): Promise<void> => {
    while (!done) {
      await look();
      await turn();
    }
    await look();
  };
  const look = async (): Promise<void> => {
    const read = await collector.read().catch((error: Error) => {
      if (written > 0) throw error;
      return undefined; // not there yet
    });
    for (const event of read?.events ?? []) seen.push(event.text ?? '');
    for (const note of read?.notes ?? []) notes.add(note);
    looks += 1;
  };
  await Promise.all([writer(), reader()]);
  t.same(
    seen,
    Array.from({ length: written }, (_, number) => `line ${number}`),
  );
  t.notOk(
    [...notes].some((note) => note.includes('not known')),
    [...notes].join('; '),
  );
});

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}

t.test('F28: a log is truncated 1,000 times in its place: every line is seen once', async (t) => {
  const path = join(temporaryFolder(t), 'agent.log');
  writeFileSync(path, say('line 0'));
  const collector = collect(path);
  const seen: AgentEvent[] = [...(await collector.read()).events];
  let written = 1;
  for (let round = 0; round < 1000; round += 1) {
    if (round % 2 === 0) copyFileSync(path, `${path}.1`);
    truncateSync(path, 0);
    if (round % 5 === 0) seen.push(...(await collector.read()).events);
    // Shorter, as long and longer than before, often within one tick of the file system's clock.
    for (let count = round % 3; count >= 0; count -= 1) appendFileSync(path, say(`line ${written++}`));
    seen.push(...(await collector.read()).events);
  }
  t.same(
    texts(seen),
    Array.from({ length: written }, (_, number) => `line ${number}`),
  );
  t.equal(seen.filter((event) => event.session !== undefined).length, 1000, 'each is a session of its own');
});

t.test(
  'F28: a log that is deleted and made again, under the same inode or not, is read from its start',
  async (t) => {
    const path = join(temporaryFolder(t), 'agent.log');
    writeFileSync(path, say('old') + say('old too'));
    const collector = collect(path);
    await collector.read();
    rmSync(path);
    // Most file systems give out the inode that just became free.
    writeFileSync(path, say('new') + say('new too') + say('more'));
    t.same(texts((await collector.read()).events), ['new', 'new too', 'more']);
  },
);

t.test('F29: a line of 1 GB without an end is passed by in bounded memory', async (t) => {
  const path = join(temporaryFolder(t), 'agent.log');
  writeFileSync(path, say('a'));
  const handle = openSync(path, 'a');
  const block = Buffer.alloc(16 * 1024 * 1024, 'x');
  for (let count = 0; count < 64; count += 1) writeSync(handle, block);
  closeSync(handle);
  appendFileSync(path, `\n${say('b')}`);
  let largest = 0;
  const parse: Parse = (request) => {
    largest = Math.max(largest, request.bytes.length);
    return inThread(request);
  };
  const log = await readLog(path, { parse });
  t.same(texts(log.events), ['a', 'b']);
  t.same(log.notes, ['line 2: line of 1073741824 bytes skipped']);
  t.ok(largest <= 16 * 1024 * 1024, `at most ${largest} bytes at once`);
});

t.test('F29: garbage between lines costs nothing but itself, whatever ranges it is read in', async (t) => {
  const path = join(temporaryFolder(t), 'agent.log');
  const noise = Array.from({ length: 5000 }, (_, n) => (n * 7919 + (n >> 3)) % 256);
  const garbage = Buffer.from(noise.filter((byte) => byte !== 0x0a));
  const parts: readonly (string | Buffer)[] = [
    '\ufeff',
    say('mark'),
    say('crlf').replace('\n', '\r\n'),
    garbage,
    '\n',
    say('grün €'),
    '\0\0\0',
    say('hole'),
    Buffer.from('{"role":"user","text":"\xff\xfe"}\n', 'latin1'),
    say('\u001b[31mred\u001b[0m'),
  ];
  writeFileSync(path, Buffer.concat(parts.map((part) => Buffer.from(part as string))));
  const whole = await readLog(path);
  t.match(
    ['mark', 'crlf', 'grün €', 'hole', '\ufffd\ufffd'].filter((text) => !texts(whole.events).includes(text)),
    [],
  );
  t.ok(whole.notes.length > 0, whole.notes.join('; '));
  for (const chunkBytes of [1, 7, 100]) {
    const read = await readLog(path, { limits: { chunkBytes } });
    t.same(read.events, whole.events, `${chunkBytes} bytes at a time`);
  }
});

t.test('F29: escape sequences are gone from what a plain log says', async (t) => {
  const path = join(temporaryFolder(t), 'output.log');
  const title = '\u001b]0;owned\u0007';
  writeFileSync(path, `\u001b[92m10:00:00 - agent:INFO\u001b[0m: a.py:1 - \u001b[31mred${title}\u001b[2J\n`);
  const { events } = await readLog(path);
  t.match(events, [{ text: 'a.py:1 - red' }]);
});

t.test('F29: UTF-16 is refused with the way out', async (t) => {
  const path = join(temporaryFolder(t), 'output.log');
  writeFileSync(path, Buffer.from('\ufeffhello\nagain\n', 'utf16le'));
  await t.rejects(readLog(path), { code: 'UNREADABLE', message: /iconv/ });
});

t.test(
  'F31: neither a link to a secret nor one by way of /proc is read; a hard link is a file like any',
  async (t) => {
    const outside = temporaryFolder(t);
    const root = join(outside, 'work');
    mkdirSync(root);
    writeFileSync(join(outside, 'secret'), say('secret'));
    symlinkSync('/etc/shadow', join(root, 'shadow.log'));
    symlinkSync('/proc/self/environ', join(root, 'environ.log'));
    symlinkSync(`/proc/self/root${outside}/secret`, join(root, 'proc.log'));
    symlinkSync(join(root, 'b.log'), join(root, 'a.log'));
    symlinkSync(join(root, 'a.log'), join(root, 'b.log'));
    execFileSync('mkfifo', [join(root, 'fifo.log')]);
    writeFileSync(join(root, 'own.log'), say('own'));
    linkSync(join(root, 'own.log'), join(root, 'hard.log'));
    const names = readdirSync(root).sort();
    const collectors = [...names, '../secret'].map((name) => collect(join(root, name), {}, root));
    const read = await readAll(collectors, { final: true });
    t.same(texts(read.events), ['own', 'own']);
    t.same(new Set(read.failures.map((failure) => failure.code)), new Set(['FORBIDDEN', 'UNREADABLE']));
    t.equal(
      read.failures.length,
      collectors.length - 2,
      'each is named, and none waited for a writer of the FIFO',
    );
  },
);

t.test('F31: a file that is swapped for a link again and again is never followed out', async (t) => {
  const outside = temporaryFolder(t);
  const root = join(outside, 'work');
  mkdirSync(join(root, 'inner'), { recursive: true });
  mkdirSync(join(outside, 'inner'));
  for (const folder of [outside, join(outside, 'inner')]) writeFileSync(join(folder, 'x.log'), 'secret');
  for (const folder of [root, join(root, 'inner')]) writeFileSync(join(folder, 'x.log'), 'own');
  // Swaps the file, and the folder on the way to one, as fast as it can.
  const swapper = new Worker(
    `const { renameSync, rmSync, symlinkSync, writeFileSync } = require('node:fs');
     const { workerData: { root, outside }, parentPort } = require('node:worker_threads');
     let going = true;
     parentPort.on('message', () => { going = false; });
     const swap = () => {
       for (let n = 0; n < 50; n += 1) {
         symlinkSync(outside + '/x.log', root + '/next');
         renameSync(root + '/next', root + '/x.log');
         renameSync(root + '/inner', root + '/away');
         symlinkSync(outside + '/inner', root + '/inner');
         writeFileSync(root + '/next', 'own');
         renameSync(root + '/next', root + '/x.log');
         rmSync(root + '/inner');
         renameSync(root + '/away', root + '/inner');
       }
       if (going) setImmediate(swap); else process.exit();
     };
     swap();`,
    { eval: true, workerData: { root, outside } },
  );
  const ended = new Promise((resolve) => swapper.once('exit', resolve));
  const outcomes = new Map<string, number>();
  for (let round = 0; round < 3000; round += 1) {
    const path = join(root, round % 2 === 0 ? 'x.log' : 'inner/x.log');
    const outcome = await readOnce(path, root);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  swapper.postMessage('stop');
  await ended;
  t.notOk(outcomes.has('secret'), JSON.stringify([...outcomes]));
  t.ok((outcomes.get('own') ?? 0) > 0);
  t.ok((outcomes.get('FORBIDDEN') ?? 0) > 0, 'and the swaps were met');
});

async function readOnce(path: string, root: string): Promise<string> {
  try {
    const { handle } = await safeOpen(path, root);
    try {
      return (await handle.readFile()).toString();
    } finally {
      await handle.close();
    }
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}

t.test('10,000 files and as many that fail are opened without leaving one open', async (t) => {
  const folder = temporaryFolder(t);
  const descriptors = (): number => readdirSync('/proc/self/fd').length;
  const paths = Array.from({ length: 10_000 }, (_, number) => join(folder, `${number}.log`));
  for (const [number, path] of paths.entries()) writeFileSync(path, number % 4 === 0 ? '' : say('x'));
  const before = descriptors();
  const collectors = paths.map((path) => collect(path));
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, descriptors());
  }, 20);
  const read = await readAll(collectors, { maxConcurrent: 16, final: true });
  clearInterval(watch);
  t.equal(read.events.length, 7500);
  t.equal(read.failures.length, 2500);
  t.equal(descriptors(), before);
  t.ok(most <= before + 32, `${most} at most, ${before} before`);
});
