// The mirror of GitHub and its tasks in real processes that are killed.

import { fileURLToPath } from 'node:url';
import { headers, type NatsConnection } from 'nats';
import t, { type Test } from 'tap';
import { taskIdOf } from '../../src/github/issue-tasks.js';
import { repoToken } from '../../src/messages/github.js';
import { testFolder } from '../folder.js';
import { GitHubServer, issueOf, pullOf, type Seen } from '../github/server.js';
import { connectClient, type Running, run, until } from './processes.js';

const SCRIPT = fileURLToPath(new URL('./supervisor-process.js', import.meta.url));
const LABEL = [{ name: 'vigil' }];
const PAGE_SIZE = 5;

type Json = Record<string, unknown>;

async function start(t: Test, cwd: string, server: GitHubServer, more: Record<string, string> = {}) {
  const running = run(t, SCRIPT, [], {
    cwd,
    env: {
      VIGIL_CYCLE_INTERVAL_MS: '0',
      VIGIL_HOSTS_COUNT: '1',
      VIGIL_GITHUB_BASE_URL: server.url,
      VIGIL_GITHUB_INTERVAL_MS: '0',
      VIGIL_GITHUB_RETRY_MS: '1',
      VIGIL_GITHUB_PAGE_SIZE: String(PAGE_SIZE),
      VIGIL_GITHUB_TASKS_LABEL: 'vigil',
      VIGIL_TASKS_EVENTS: 'all',
      ...more,
    },
  });
  await running.says(/^ready$/);
  return running;
}

async function kill(running: Running): Promise<void> {
  running.child.kill('SIGKILL');
  await running.finished();
}

async function ask<T = Json>(nc: NatsConnection, endpoint: string, body: unknown): Promise<T> {
  const reply = await nc.request(`vigil.rpc.${endpoint}`, JSON.stringify(body), { timeout: 30_000 });
  const value = reply.json<T & { error?: Json }>();
  if (reply.headers?.get('Nats-Service-Error-Code'))
    throw new Error(`${endpoint}: ${JSON.stringify(value.error)}`);
  return value;
}

async function trigger(nc: NatsConnection, id: string): Promise<void> {
  const own = headers();
  own.set('Nats-Msg-Id', id);
  await nc.jetstream().publish('vigil.trigger.sync', '{}', { headers: own });
}

/** What the stream of results has on one subject. */
async function published(nc: NatsConnection, subject: string): Promise<Json[]> {
  const consumer = await nc.jetstream().consumers.get('VIGIL_RESULTS', { filterSubjects: subject });
  const { num_pending } = await consumer.info();
  const found: Json[] = [];
  if (num_pending === 0) return found;
  for await (const message of await consumer.fetch({ max_messages: num_pending, expires: 5_000 }))
    found.push(message.json<Json>());
  return found;
}

async function allTasks(nc: NatsConnection): Promise<Json[]> {
  const all: Json[] = [];
  for (let after: string | undefined; ; ) {
    const { tasks, next } = await ask<{ tasks: Json[]; next: string | null }>(nc, 'tasks.list', {
      limit: 1_000,
      ...(after === undefined ? {} : { after }),
    });
    all.push(...tasks);
    if (next === null) return all;
    after = next;
  }
}

/** Which page of which list, as `acme/r0 issues 3`. */
function pageOf({ path }: Seen): string | undefined {
  const [, repo, list] = /^\/repos\/([^/]+\/[^/]+)\/(issues|pulls|commits)\?/.exec(path) ?? [];
  if (repo === undefined) return undefined;
  return `${repo} ${list} ${new URL(path, 'http://x').searchParams.get('page') ?? 1}`;
}

t.test(
  'kill -9 in the middle of a sync: it goes on where it was; nothing is lost, doubled or read again',
  async (t) => {
    const server = await GitHubServer.start(t);
    const names = ['acme/r0', 'acme/r1', 'acme/r2', 'acme/r3'];
    const count = 60;
    for (const name of names)
      server.add(name, {
        // Each depends on the one before, which mostly comes with a later page: the newest are read first.
        issues: Array.from({ length: count }, (_, i) =>
          issueOf(i + 1, i, { labels: LABEL, body: i === 0 ? '' : `Depends on #${i}` }),
        ),
        pulls: Array.from({ length: 12 }, (_, i) => pullOf(1_000 + i, 200 + i, { state: 'closed' })),
      });
    const cwd = testFolder(t);
    const env = { VIGIL_GITHUB_REPOS: JSON.stringify(names) };
    let running = await start(t, cwd, server, env);
    const nc = await connectClient(t, cwd);
    /** Answers until the next kill; then the server answers no more. */
    let left = 15;
    server.fault = async (_request, response) => {
      if (left-- > 0) return false;
      await new Promise((resolve) => response.once('close', resolve));
      return true;
    };
    await trigger(nc, 'the-sync');
    const written = new Set<string>();
    for (const more of [25, 25, Number.POSITIVE_INFINITY]) {
      await until('the server to answer no more', () => left < 0);
      await kill(running);
      // A page is asked for once the page before it is on the disk.
      const asked = server.seen.flatMap((seen) => pageOf(seen) ?? []);
      for (const page of asked) {
        const [repo, list, number] = page.split(' ');
        if (asked.includes(`${repo} ${list} ${Number(number) + 1}`)) written.add(page);
      }
      const from = server.seen.length;
      left = more;
      running = await start(t, cwd, server, env);
      if (more !== Number.POSITIVE_INFINITY) continue;
      await until(
        'the final result',
        async () => (await published(nc, 'vigil.result.sync')).length > 0,
        60_000,
      );
      const again = server.seen
        .slice(from)
        .filter((seen) => !seen.conditional)
        .flatMap((seen) => pageOf(seen) ?? []);
      t.same(
        again.filter((page) => written.has(page)),
        [],
        'no page that was on the disk is read again',
      );
      t.ok(written.size > 10, `${written.size} pages were there before the kills`);
    }
    t.match(await published(nc, 'vigil.result.sync'), [
      { requestId: 'the-sync', requested: 4, failures: [] },
    ]);
    for (const repo of names)
      t.match(await ask(nc, 'repos.get', { repo }), { openIssues: count, state: 'active' });
    const tasks = await allTasks(nc);
    t.equal(tasks.length, names.length * count);
    t.equal(new Set(tasks.map(({ id }) => id)).size, names.length * count);
    t.same(
      tasks
        .filter(({ state }) => state === 'ready')
        .map(({ source }) => source)
        .sort(),
      names.map((name) => `${name}#1`),
      'each waits for the one before it',
    );
    const events = await published(nc, 'vigil.event.task.*.ready');
    t.equal(new Set(events.map(({ task }) => task)).size, events.length, 'none is told twice');
  },
);

t.test(
  'from an issue to a comment on it: claimed, done, told once although the supervisor is killed',
  async (t) => {
    const server = await GitHubServer.start(t);
    const repository = server.add('acme/api', {
      issues: [
        issueOf(1, 1, { labels: LABEL, title: 'Base' }),
        issueOf(2, 2, { labels: LABEL, body: 'Depends on #1' }),
        issueOf(3, 3, { labels: LABEL, body: 'Depends on #4' }),
        issueOf(4, 4, { labels: LABEL, body: 'Depends on #3' }),
      ],
      pulls: [
        pullOf(7, 7, { title: 'Lay the base', body: 'Fixes #1' }),
        pullOf(8, 8, { head: { ref: `a1/${taskIdOf(repoToken('acme/api'), 2)}`, sha: 'e'.repeat(40) } }),
      ],
    });
    const cwd = testFolder(t);
    const env = {
      VIGIL_GITHUB_REPOS: '["acme/api"]',
      VIGIL_GITHUB_DONE_COMMENT: 'true',
      VIGIL_GITHUB_DONE_LABEL: 'done',
    };
    let running = await start(t, cwd, server, env);
    const nc = await connectClient(t, cwd);
    const id = (number: number) => taskIdOf(repoToken('acme/api'), number);
    const { failures } = await ask<{ failures: Json[] }>(nc, 'sync', {});
    t.match(failures, [{ agent: 'acme/api', code: 'CONFLICT', message: /issue [34]: .*circle/ }]);
    await until('the event of the circle', async () => {
      const [refused] = await published(nc, `vigil.event.repo.${repoToken('acme/api')}.task-refused`);
      return refused?.['code'] === 'CONFLICT';
    });
    t.match(await ask(nc, 'repos.get', { repo: 'acme/api' }), {
      links: [
        { pull: 8, task: id(2), by: 'branch' },
        { pull: 7, task: id(1), by: 'closes' },
      ],
    });
    const [base, ...more] = (await ask<{ tasks: Json[] }>(nc, 'tasks.claim', { agent: 'a1', limit: 10 }))
      .tasks;
    t.match(base, { id: id(1), title: 'Base', source: 'acme/api#1' });
    t.same(more, []);

    /** GitHub has the comment, and the supervisor dies before it hears of it. */
    let killed: Promise<void> | undefined;
    server.fault = async (request, response) => {
      if (request.method !== 'POST' || killed !== undefined) return false;
      let text = '';
      for await (const chunk of request) text += chunk;
      repository.comments[1] = [{ id: 1, body: JSON.parse(text).body }];
      killed = kill(running);
      await killed;
      response.destroy();
      return true;
    };
    await ask(nc, 'tasks.complete', { id: id(1), token: base?.['token'] });
    await until('the comment', () => killed !== undefined);
    await killed;
    running = await start(t, cwd, server, env);
    await until('the label', () => repository.labels[1]?.includes('done'));
    t.equal(repository.comments[1]?.length, 1, 'and no second comment');
    t.match(repository.comments[1], [{ body: /is done \(agent a1\)/ }]);
    t.match(await ask(nc, 'tasks.get', { id: id(2) }), { state: 'ready' });

    repository.issues[1] = issueOf(2, 50, { labels: LABEL, state: 'closed', state_reason: 'completed' });
    await ask(nc, 'sync', {});
    t.match(await ask(nc, 'tasks.get', { id: id(2) }), { state: 'done' });
    t.equal(repository.comments[2], undefined, 'whoever closed it needs not be told');
    repository.issues[0] = issueOf(1, 60, { labels: LABEL, title: 'Base, again', state: 'closed' });
    await ask(nc, 'sync', {});
    repository.issues[0] = issueOf(1, 70, { labels: LABEL, title: 'Base, again' });
    await ask(nc, 'sync', {});
    t.match(await ask(nc, 'tasks.get', { id: id(1) }), { state: 'ready', title: 'Base, again' });
  },
);
