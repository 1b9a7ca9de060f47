import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import {
  addLog,
  addText,
  age,
  agentsOf,
  CHECKOUT,
  CODEX,
  codexSession,
  place,
  treeHash,
} from '../discovery/homes.js';
import { jsonLines, until, vigil } from '../system/processes.js';

t.test('one command: the sessions of this machine and a verdict on each', async (t) => {
  const { cwd, home, env } = place(t);
  const before = treeHash(home);
  const { code, stdout, stderr } = await vigil(t, ['watch', '--once'], { cwd, env }).finished();
  t.ok(code === 0 || code === 3, `${code}: ${stderr}`);
  for (const id of ['work-checkout-2d984148', 'monorepo-v2-d6e0bada', 'shop-api-456789ab'])
    t.match(stdout, new RegExp(`^${id} `, 'm'));
  t.match(stdout, /Speed up the search/, 'the goal is the first request');
  t.notMatch(stdout, /eps|ctf/, 'no sample among them');
  t.notMatch(stdout, /a2898e3/, 'no sub-agent');
  t.equal(treeHash(home), before, 'nothing is written into the folders of others');
});

t.test('--once --json: JSON lines on standard output and nothing else', async (t) => {
  const { cwd, env } = place(t);
  const { stdout, stderr } = await vigil(t, ['watch', '--once', '--json', '--subagents'], {
    cwd,
    env,
  }).finished();
  const analysed = jsonLines(stdout).flatMap(
    (line) => (line['analysis'] as { agent: string } | undefined)?.agent ?? [],
  );
  t.equal(new Set(analysed).size, 4);
  t.equal(stderr, '');
});

t.test('live: a session that begins is judged, one that is over is let go', async (t) => {
  const { cwd, home, env } = place(t);
  const before = treeHash(home);
  const running = vigil(t, ['watch'], { cwd, env });
  await running.says(/^Watching 3 sessions\./);
  t.equal(treeHash(home), before);
  const path = addLog(
    home,
    '.claude/projects/-srv-web/ffffffff-cddb-4605-aac1-13e720fe613c.jsonl',
    'spotter-tool_heavy.jsonl',
  );
  await running.says(/srv-web-ffffffff: new session/);
  await running.says(/srv-web-ffffffff(?:: (?!new)| needs steering)/);
  t.ok((await agentsOf(t, cwd)).some(({ id }) => id === 'srv-web-ffffffff'));
  age(path, 48);
  await running.says(/srv-web-ffffffff: over, watched no more/);
  t.same((await agentsOf(t, cwd)).length, 3);
  running.child.kill('SIGINT');
  t.equal((await running.finished()).code, 0);
});

t.test('a follower outlives the rotation of its session, and says when the log is gone', async (t) => {
  const { cwd, home, env } = place(t);
  const running = vigil(t, ['watch'], { cwd, env });
  await running.says(/^Watching 3 sessions\./);
  const follower = vigil(t, ['logs', 'shop-api-456789ab', '-f'], { cwd, env });
  await follower.says(/Speed up the search/);
  const path = join(home, CODEX);
  renameSync(path, `${path}.1`);
  // Looked at once it is away, and not only when it is there again.
  const other = addLog(
    home,
    '.claude/projects/-srv-web/ffffffff-cddb-4605-aac1-13e720fe613c.jsonl',
    'spotter-tool_heavy.jsonl',
  );
  await running.says(/srv-web-ffffffff: new session/);
  addText(home, CODEX, codexSession('/srv/shop api', 'Sort the answers'));
  await follower.says(/Sort the answers/);
  t.notMatch(running.stdout, /watched no more/);
  rmSync(path);
  rmSync(other);
  await running.says(/shop-api-456789ab: over, watched no more/);
  const { code, stderr } = await follower.finished();
  t.equal(code, 4);
  t.match(stderr, /the log of shop-api-456789ab is gone/);
});

t.test('named paths, and those that are not there', async (t) => {
  const { cwd, home, env } = place(t);
  const some = await vigil(t, ['watch', '--once', join(home, CHECKOUT)], { cwd, env }).finished();
  t.match(some.stdout, /work-checkout-2d984148/);
  t.notMatch(some.stdout, /^\S*monorepo/m, 'no other session');
  const none = await vigil(t, ['watch', '--once', join(home, 'nowhere')], { cwd, env }).finished();
  t.equal(none.code, 4);
  t.match(none.stderr, /nowhere does not exist/);
  const empty = await vigil(t, ['watch', '--once'], { cwd, env: { ...env, HOME: cwd } }).finished();
  t.equal(empty.code, 4);
  t.match(empty.stderr, /no session in .*\.claude\/projects and .*\.codex\/sessions has changed within 24 h/);
});

t.test('without any session it waits for the first', async (t) => {
  const { cwd, env } = place(t);
  const home = join(cwd, '..', 'empty');
  const running = vigil(t, ['watch'], { cwd, env: { ...env, HOME: home } });
  await running.says(/^Watching 0 sessions/);
  addLog(home, `${CHECKOUT}/2d984148-cddb-4605-aac1-13e720fe613c.jsonl`, 'spotter-tool_heavy.jsonl');
  await running.says(/work-checkout-2d984148: new session/);
  await until('its registration', async () => (await agentsOf(t, cwd)).length === 1);
});
