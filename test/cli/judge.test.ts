import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { TrajectoryAnalysis } from '../../src/messages/analysis.js';
import { testFolder } from '../folder.js';
import { jsonLines, ROOT, vigil } from '../system/processes.js';

const log = (name: string) => join(ROOT, 'fleet/logs', name);
const judge = (test: Parameters<typeof vigil>[0], ...args: string[]) =>
  vigil(test, ['judge', ...args], { cwd: ROOT }).finished();

t.test('a log of a working agent: exit code 0, one TrajectoryAnalysis with its file', async (t) => {
  const { code, stdout } = await judge(t, '--json', log('BabyEncryption.traj'));
  t.equal(code, 0);
  const [line, ...more] = jsonLines(stdout);
  t.same(more, []);
  t.equal(line?.['file'], log('BabyEncryption.traj'));
  t.ok(TrajectoryAnalysis.safeParse(line).success, 'fits the schema');
  t.match(line, { needsSteering: false, judge: 'rules', phase: 'finished' });
});

t.test('one stuck agent among several: exit code 3, and the text says what it repeats', async (t) => {
  const { code, stdout } = await judge(t, log('BabyEncryption.traj'), log('eps.traj'));
  t.equal(code, 3);
  t.match(stdout, /eps\.traj: loop/);
  t.match(stdout, /repeated-action: 4 times .*submit flag.* \(events 30 … 37\)/);
});

t.test('a folder is judged whole', async (t) => {
  const { code, stdout } = await judge(t, '--json', join(ROOT, 'fleet/logs'));
  t.equal(code, 3);
  t.equal(jsonLines(stdout).length, 8);
});

t.test('bad input: exit code 2, one line each, and the readable logs are judged all the same', async (t) => {
  const binary = Buffer.from(Array.from({ length: 4_096 }, (_, i) => (i * 7) % 256));
  const folder = testFolder(t, { 'empty.log': '', 'binary.log': binary });
  const bad = ['missing.log', 'empty.log', 'binary.log'].map((name) => join(folder, name));
  const { code, stdout, stderr } = await judge(t, '--json', ...bad, log('eps.traj'));
  t.equal(code, 2);
  t.equal(jsonLines(stdout).length, 1);
  t.match(jsonLines(stderr), [
    { file: bad[0], error: { code: 'NOT_FOUND' } },
    { file: bad[1], error: { code: 'UNREADABLE', message: /empty/ } },
    { file: bad[2], error: { code: 'UNREADABLE' } },
  ]);
});

t.test('a log that was cut in half is judged up to the cut, with a note', async (t) => {
  const whole = readFileSync(log('agentcmd-nav-user-initials.jsonl'));
  const folder = testFolder(t, { 'half.jsonl': whole.subarray(0, Math.floor(whole.length / 2)) });
  const { code, stdout } = await judge(t, '--json', join(folder, 'half.jsonl'));
  t.equal(code, 0);
  const [line] = jsonLines(stdout);
  t.ok((line?.['eventCount'] as number) > 10);
  t.match(line?.['notes'], [/cut|half|incomplete|not JSON/i]);
});

t.test('no path at all is a usage error', async (t) => {
  const { code, stderr } = await judge(t);
  t.equal(code, 2);
  t.match(stderr, /missing required argument 'path'/);
});
