import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { follow } from '../../src/discovery/follow.js';
import { rootsOf, usualRoots } from '../../src/discovery/roots.js';
import { isSubAgent, sessionId } from '../../src/discovery/session-name.js';
import { type Changes, Sessions, type SessionsOptions } from '../../src/discovery/sessions.js';
import { AgentSpec } from '../../src/messages/agents.js';
import { isId } from '../../src/messages/ids.js';
import { testFolder } from '../folder.js';
import { until } from '../system/processes.js';
import { addLog, addText, age, CHECKOUT, CODEX, codexSession, fillHome, LONG, treeHash } from './homes.js';

const DAY_MS = 86_400_000;

function homeOf(t: Test): string {
  const home = testFolder(t);
  fillHome(home);
  return home;
}

function sessionsOf(home: string, change: Partial<SessionsOptions> = {}): Sessions {
  return new Sessions({
    roots: usualRoots({ home, codexHome: undefined }),
    subagents: false,
    inactiveAfterMs: DAY_MS,
    maxSessions: 100,
    label: undefined,
    now: Date.now,
    ...change,
  });
}

const ids = (specs: readonly AgentSpec[]) => specs.map(({ id }) => id).sort();
const ALL = ['monorepo-v2-d6e0bada', 'shop-api-456789ab', 'work-checkout-2d984148'];

t.test('sessions are found in their usual places, each with an id that says which it is', async (t) => {
  const home = homeOf(t);
  const before = treeHash(home);
  const { appeared, ended, notes } = await sessionsOf(home).look();
  t.same(ids(appeared), ALL);
  t.same([ended, notes], [[], []]);
  for (const spec of appeared) t.same(AgentSpec.parse(spec), spec, 'each is a valid agent');
  const claude = appeared.find(({ id }) => id === 'work-checkout-2d984148');
  t.same(claude?.logs, [join(home, CHECKOUT, '2d984148-cddb-4605-aac1-13e720fe613c.jsonl')]);
  t.equal(claude?.workspace, join(home, '.claude/projects'));
  t.equal(treeHash(home), before, 'nothing is written there');
});

t.test('ids are the same whenever and in whatever order they are found', async (t) => {
  const home = homeOf(t);
  const first = ids((await sessionsOf(home).look()).appeared);
  age(join(home, CODEX), 3);
  appendFileSync(join(home, CHECKOUT, '2d984148-cddb-4605-aac1-13e720fe613c.jsonl'), '{"type":"progress"}\n');
  t.same(ids((await sessionsOf(home).look()).appeared), first);
});

t.test(
  'sub-agents only when asked for; Codex elsewhere by CODEX_HOME; a label where there is one',
  async (t) => {
    const home = homeOf(t);
    t.same(
      ids((await sessionsOf(home, { subagents: true }).look()).appeared),
      [...ALL, 'work-checkout-agent-a2898e3'].sort(),
    );
    addText(home, 'elsewhere/sessions/rollout-x.jsonl', codexSession('/a/b', 'x'));
    const roots = usualRoots({ home: join(home, 'nobody'), codexHome: join(home, 'elsewhere') });
    const { appeared } = await sessionsOf(home, { roots, label: 'laptop' }).look();
    t.match(appeared, [{ id: 'b-rollout-x', label: 'laptop' }]);
    t.equal(appeared.length, 1);
  },
);

t.test('paths that are named: a folder, or a file however old and of whatever format', async (t) => {
  const home = homeOf(t);
  t.same(ids((await sessionsOf(home, { roots: rootsOf([join(home, LONG)]) }).look()).appeared), [
    'monorepo-v2-d6e0bada',
  ]);
  const log = addText(home, 'x/agent.log', '2026-01-01 10:00:00 INFO started\n');
  const data = addText(home, 'x/own.jsonl', '{"role": "user", "text": "do it"}\n');
  age(data, 1_000);
  const named = rootsOf([data]);
  t.match((await sessionsOf(home, { roots: named }).look()).appeared, [{ id: 'x-own', logs: [data] }]);
  t.match((await sessionsOf(home, { roots: rootsOf([log]) }).look()).appeared, [
    { id: 'x-agent', logs: [log] },
  ]);
  t.throws(() => rootsOf([join(home, 'nowhere')]), { code: 'NOT_FOUND' });
});

t.test(
  'what has not changed for a day is not watched; what goes quiet or away is let go; what wakes is taken up',
  async (t) => {
    const home = homeOf(t);
    const codex = join(home, CODEX);
    age(codex, 25);
    let now = Date.now();
    const sessions = sessionsOf(home, { now: () => now });
    t.same(ids((await sessions.look()).appeared), ['monorepo-v2-d6e0bada', 'work-checkout-2d984148']);
    appendFileSync(codex, '\n');
    t.same(ids((await sessions.look()).appeared), ['shop-api-456789ab']);
    rmSync(join(home, LONG), { recursive: true });
    t.same((await sessions.look()).ended, [], 'it may come again');
    now += 5_000;
    t.same((await sessions.look()).ended, [], 'one look after a long time is not enough');
    t.same((await sessions.look()).ended, ['monorepo-v2-d6e0bada']);
    now += DAY_MS + 60_000;
    t.same([...(await sessions.look()).ended].sort(), ['shop-api-456789ab', 'work-checkout-2d984148']);
    t.same(sessions.ids, []);
  },
);

t.test('a session whose file comes again within the grace stays, and gets a new one', async (t) => {
  const home = homeOf(t);
  let now = Date.now();
  const sessions = sessionsOf(home, { now: () => now });
  await sessions.look();
  const path = join(home, CODEX);
  for (let round = 0; round < 2; round++) {
    rmSync(path);
    // As many looks as a folder's changes ask for, in no time.
    for (let look = 0; look < 10; look++) t.same((await sessions.look()).ended, []);
    now += 2_900;
    t.same((await sessions.look()).ended, []);
    t.equal(sessions.missing, 1);
    addText(home, CODEX, codexSession('/srv/shop api', 'Go on'));
    t.match(await sessions.look(), { appeared: [], ended: [] });
    t.equal(sessions.missing, 0);
  }
  rmSync(path);
  for (let look = 0; look < 2; look++) await sessions.look();
  now += 3_000;
  t.same((await sessions.look()).ended, ['shop-api-456789ab']);
});

t.test('the latest ones count when there are too many, and it is said', async (t) => {
  const home = homeOf(t);
  age(join(home, CODEX), 2);
  const { appeared, notes } = await sessionsOf(home, { maxSessions: 2 }).look();
  t.same(ids(appeared), ['monorepo-v2-d6e0bada', 'work-checkout-2d984148']);
  t.match(notes, [/more files are not watched: more than watch\.maxSessions \(2\)/]);
});

t.test('a session with the id of another gets one of its own', async (t) => {
  const home = homeOf(t);
  addLog(home, `${CHECKOUT}/2d984148-0000-4605-aac1-13e720fe613c.jsonl`, 'spotter-tool_heavy.jsonl');
  const { appeared } = await sessionsOf(home).look();
  t.equal(new Set(ids(appeared)).size, 4);
  for (const id of ids(appeared)) t.ok(isId(id), id);
});

t.test('links, pipes and what cannot be read are no sessions and hold up nothing', async (t) => {
  const home = homeOf(t);
  const outside = addLog(testFolder(t), 'secret.jsonl', 'spotter-tool_heavy.jsonl');
  fillHome(home);
  const folder = join(home, CHECKOUT);
  symlinkSync(outside, join(folder, 'link.jsonl'));
  symlinkSync(folder, join(folder, 'round'));
  execFileSync('mkfifo', [join(folder, 'pipe.jsonl')]);
  addText(home, `${CHECKOUT}/empty.jsonl`, '');
  addText(home, `${CHECKOUT}/garbage.jsonl`, '\u0000\u0001\u0002'.repeat(100));
  addText(home, `${CHECKOUT}/half.jsonl`, '{"type":"user","sessio');
  t.same(ids((await sessionsOf(home).look()).appeared), ALL);
});

t.test('followed: new sessions and new projects are told of at once, those that end as well', async (t) => {
  for (const [how, settings] of [
    ['by the system', { pollMs: 3_600_000, maxFolders: 100 }],
    ['by looking', { pollMs: 50, maxFolders: 0 }],
  ] as const) {
    const home = homeOf(t);
    const sessions = sessionsOf(home);
    const first = await sessions.look();
    const seen: Changes[] = [];
    const taken = async (changes: Changes) => void seen.push(changes);
    const close = follow({
      sessions,
      folders: first.folders,
      ...settings,
      taken,
      failed: (error) => t.fail(String(error)),
    });
    t.teardown(close);
    await until(`${how}: the look that begins it`, () => seen.length > 0);
    addLog(home, `${CHECKOUT}/aaaaaaaa-cddb-4605-aac1-13e720fe613c.jsonl`, 'spotter-tool_heavy.jsonl');
    await until(`${how}: the new session`, () => sessions.ids.includes('work-checkout-aaaaaaaa'));
    mkdirSync(join(home, '.claude/projects/-new'));
    addLog(
      home,
      '.claude/projects/-new/bbbbbbbb-cddb-4605-aac1-13e720fe613c.jsonl',
      'spotter-tool_heavy.jsonl',
    );
    await until(`${how}: the session of a new project`, () => sessions.ids.includes('new-bbbbbbbb'));
    rmSync(join(home, CODEX));
    await until(`${how}: the end of one`, () =>
      seen.some(({ ended }) => ended.includes('shop-api-456789ab')),
    );
    await close();
    const looks = seen.length;
    addLog(
      home,
      '.claude/projects/-new/cccccccc-cddb-4605-aac1-13e720fe613c.jsonl',
      'spotter-tool_heavy.jsonl',
    );
    await new Promise(setImmediate);
    t.equal(seen.length, looks, `${how}: closed is closed`);
  }
});

t.test('an id is valid whatever the path', async (t) => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.string(),
      fc.option(fc.string(), { nil: undefined }),
      (a, b, cwd) => isId(sessionId(`/root/${a}/${b}.jsonl`, cwd)),
    ),
    { numRuns: 2_000 },
  );
  t.equal(sessionId('/p/-a/s1/subagents/agent-ff.jsonl', undefined), 'a-agent-ff');
  t.ok(isSubAgent('/p/-a/s1/subagents/agent-ff.jsonl'));
  t.notOk(isSubAgent('/p/-a/s1.jsonl'));
});
