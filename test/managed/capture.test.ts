import { readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readLog } from '../../src/logs/read-log.js';
import { testFolder } from '../folder.js';
import { until } from '../system/processes.js';
import { Managed, node } from './agents.js';

t.test(
  'output is taken down with time and stream, a record a line, and goes to the terminal as it is',
  async (t) => {
    const script = `
    process.stdout.write('plain\\n\\u001b[31mred\\u001b[0m\\r\\n{"type":"x","n":1}\\n{broken}\\nno end');
    process.stderr.write('ValueError: bad\\n');
  `;
    const agent = Managed.start(t, node(script), { cwd: testFolder(t) });
    const { stdout, stderr } = await agent.finished();
    t.equal(stdout, 'plain\n\u001b[31mred\u001b[0m\r\n{"type":"x","n":1}\n{broken}\nno end');
    t.match(stderr, /^ValueError: bad$/m);
    const records = agent.records('stdout');
    t.match(records, [
      { stream: 'stdout', role: 'assistant', text: 'plain' },
      { text: '\u001b[31mred\u001b[0m' },
      { type: 'x', n: 1, stream: 'stdout' },
      { text: '{broken}' },
      { text: 'no end' },
    ]);
    for (const { timestamp } of records) t.equal(new Date(String(timestamp)).toISOString(), timestamp);
    t.match(agent.records('stderr'), [{ role: 'assistant', level: 'error', text: 'ValueError: bad' }]);
  },
);

t.test('the stream of a coding agent keeps its format', async (t) => {
  const log = join(import.meta.dirname, '../../../fleet/logs/spotter-tool_heavy.jsonl');
  const cwd = testFolder(t);
  const agent = Managed.start(t, ['cat', log], { cwd });
  t.equal((await agent.finished()).code, 0);
  const [taken, original] = await Promise.all([readLog(join(agent.folder, 'stdout.jsonl')), readLog(log)]);
  t.equal(taken.format, 'claude-code');
  t.same(taken.events, original.events, 'and every event of it');
});

t.test('what the agent is told on its input is on record, and reaches it', async (t) => {
  const agent = Managed.start(t, ['cat'], { cwd: testFolder(t), input: 'pipe' });
  agent.child.stdin?.end('do this\nthen that\n');
  t.equal((await agent.finished()).stdout, 'do this\nthen that\n');
  t.match(
    agent.records('session').filter(({ role }) => role === 'user'),
    [{ text: 'do this' }, { text: 'then that' }],
  );
});

t.test('a flood: memory bounded, files bounded, the reader sees every byte', async (t) => {
  const maxFileBytes = 4 * 1024 * 1024;
  // As fast as the pipe takes it, for three seconds.
  const script = `
    const block = Buffer.from(('x'.repeat(99) + '\\n').repeat(655));
    const ends = Date.now() + 3000;
    let sent = 0;
    const more = () => {
      while (Date.now() < ends) { sent += block.length; if (!process.stdout.write(block)) return process.stdout.once('drain', more); }
      process.stderr.write('sent ' + sent + '\\n');
    };
    more();
  `;
  const agent = Managed.start(t, node(script), {
    cwd: testFolder(t),
    env: { VIGIL_MANAGED_MAX_FILE_BYTES: String(maxFileBytes), VIGIL_MANAGED_MAX_FILES: '3' },
  });
  let received = 0;
  let peak = 0;
  const look = () => {
    peak = Math.max(peak, rssOf(agent.child.pid));
  };
  // A reader that pauses holds the agent back; nothing piles up in between.
  const output = agent.child.stdout?.removeAllListeners('data').pause();
  let [stamp, quiet] = ['', 0];
  await until('the agent to be held back', () => {
    look();
    const file = statSync(join(agent.folder, 'stdout.jsonl'), { throwIfNoEntry: false });
    const now = `${file?.ino} ${file?.size}`;
    quiet = now === stamp ? quiet + 1 : 0;
    stamp = now;
    return quiet > 15 && (file?.size ?? 0) > 0;
  });
  output?.on('data', (text: string) => {
    received += text.length;
  });
  output?.resume();
  const finished = agent.finished();
  let over = false;
  void finished.then(() => {
    over = true;
  });
  await until('the end of the flood', () => {
    look();
    return over;
  });
  const { code, stderr } = await finished;
  t.equal(code, 0);
  t.equal(received, Number(/sent (\d+)/.exec(stderr)?.[1]), 'nothing is lost on the way to the terminal');
  t.ok(received > 3 * maxFileBytes, `more than the files hold: ${Math.round(received / 1e6)} MB`);
  t.ok(peak > 0 && peak < 160 * 1024 * 1024, `peak memory ${Math.round(peak / 1024 / 1024)} MB`);
  const files = readdirSync(agent.folder).filter((name) => name.startsWith('stdout.jsonl'));
  t.same(files.sort(), ['stdout.jsonl', 'stdout.jsonl.1', 'stdout.jsonl.2']);
  for (const name of files)
    t.ok(statSync(join(agent.folder, name)).size <= maxFileBytes, `${name} keeps the bound`);
  const texts = new Set(agent.texts('stdout'));
  t.same([...texts], ['x'.repeat(99)], 'no record is cut by a rotation');
});

t.test('a line without an end is held in bounded memory', async (t) => {
  const script = `
    const block = Buffer.alloc(65536, 'y');
    let left = 1600;
    const more = () => { while (left-- > 0) if (!process.stdout.write(block)) return process.stdout.once('drain', more); };
    more();
  `;
  const agent = Managed.start(t, node(script), {
    cwd: testFolder(t),
    env: { VIGIL_MANAGED_MAX_LINE_CHARS: '100000' },
  });
  agent.child.stdout?.removeAllListeners('data').resume();
  t.equal((await agent.finished()).code, 0);
  const lengths = agent.texts('stdout').map((text) => text.length);
  t.equal(Math.max(...lengths), 100_000);
  t.equal(
    lengths.reduce((sum, each) => sum + each, 0),
    1600 * 65_536,
  );
});

t.test('a disk that takes nothing costs the lines and not the agent', async (t) => {
  const cwd = testFolder(t, { '.vigil': { agents: { a1: {} } } });
  symlinkSync('/dev/full', join(cwd, '.vigil/agents/a1/stdout.jsonl'));
  const { code, stdout, stderr } = await Managed.start(t, ['sh', '-c', 'echo one; echo two; exit 8'], {
    cwd,
  }).finished();
  t.equal(code, 8);
  t.equal(stdout, 'one\ntwo\n');
  t.match(stderr, /stdout\.jsonl cannot be written \(.*ENOSPC.*\); its lines are counted/);
});

function rssOf(pid: number | undefined): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
