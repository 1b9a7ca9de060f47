import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { testFolder } from '../folder.js';
import { fail, GitHubServer, issueOf, pullOf } from '../github/server.js';
import { connectClient, jsonLines, vigil } from '../system/processes.js';

const TOKEN = 'ghp_canary-that-must-not-show';

t.test('vigil repos', async (t) => {
  const server = await GitHubServer.start(t);
  server.token = TOKEN;
  server.add('acme/api.v2', {
    issues: [issueOf(1, 1)],
    pulls: [pullOf(2, 2, { head: { ref: 'fixer/tests', sha: 'a'.repeat(40) } })],
  });
  server.add('acme/web', { issues: [issueOf(1, 1)] });
  const cwd = testFolder(t, {
    'vigil.config.yaml': `cycle: {intervalMs: 0}\nagents: [{id: fixer, logs: []}]\ngithub: {baseUrl: "${server.url}", repos: [acme/api.v2], intervalMs: 0, retryMs: 1}\n`,
  });
  const env = { VIGIL_GITHUB_TOKEN: TOKEN };
  const running = vigil(t, ['start'], { cwd, env });
  await running.says(/^Watching\./);
  const client = await connectClient(t, cwd);
  const results: { requested: number }[] = [];
  client.subscribe('vigil.result.sync', { callback: (_error, message) => results.push(message.json()) });
  await client.flush();
  const repos = (...args: string[]) => vigil(t, ['repos', ...args], { cwd }).finished();

  await t.test('what the settings name is synced on demand, and links are told', async (t) => {
    const { code, stdout, stderr } = await repos('sync');
    t.equal(code, 0, stderr);
    t.match(stdout, /^acme\/api\.v2: 1 issues, 1 pull requests, 0 reviews/);
    t.match(results, [{ requested: 1 }], 'the result stands on its subject, too');
    const got = JSON.parse((await repos('get', 'ACME/api.v2', '--json')).stdout);
    t.match(got, {
      repo: 'acme/api.v2',
      openIssues: 1,
      openPulls: 1,
      links: [{ pull: 2, agent: 'fixer', by: 'branch' }],
    });
    t.match((await repos('get', 'acme/api.v2')).stdout, /#2 pull 2 \(fixer\/tests\).*agent fixer by branch/);
  });

  await t.test('the status tells what is left of the quota', async (t) => {
    const { stdout } = await vigil(t, ['status'], { cwd }).finished();
    t.match(stdout, /^github +4999 of 5000 requests left until 2100-01-01T00:00:00\.000Z$/m);
    t.match(stdout, /^pool +h0-\S+ +parse: \d+ threads/m);
  });

  await t.test('add, list, remove', async (t) => {
    t.match(await repos('list'), { code: 0, stdout: /acme\/api\.v2 +active +1 +1 +0/ });
    t.match(await repos('add', 'acme/web', 'acme/api.v2'), {
      code: 0,
      stdout: 'acme/web added\n',
      stderr: /api.v2 is on record already/,
    });
    t.equal(jsonLines((await repos('ls', '--json')).stdout).length, 2);
    const synced = JSON.parse((await repos('sync', 'acme/web', '--json')).stdout);
    t.match(synced, { requested: 1, items: [{ repo: 'acme/web', issues: 1 }], failures: [] });
    t.match(await repos('remove', 'acme/web', 'acme/never'), {
      code: 4,
      stdout: 'acme/web removed\n',
      stderr: /no repository acme\/never/,
    });
    t.match(await repos('get', 'acme/web'), { code: 4, stderr: /no repository acme\/web on record/ });
    t.match(await repos('sync', 'acme/web'), { code: 4, stderr: /not on record/ });
    t.match(await repos('add', 'acme'), { code: 2, stderr: /REPO: expected owner\/name/ });
    t.match(await repos('add', 'acme/..'), { code: 2 });
  });

  await t.test('a token that was revoked: an alarm, a failure, and the token nowhere', async (t) => {
    const alarms: unknown[] = [];
    client.subscribe('vigil.event.github.disabled', {
      callback: (_error, message) => alarms.push(message.json()),
    });
    await client.flush();
    server.fault = (request, response) => {
      fail(response, 401, `Bad credentials: ${request.headers.authorization}`);
      return true;
    };
    const { code, stdout, stderr } = await repos('sync');
    t.equal(code, 1);
    t.match(stderr, /acme\/api.v2: FORBIDDEN: GitHub refuses the token/);
    t.match(alarms, [{ state: 'disabled' }]);
    const log = readFileSync(join(cwd, '.vigil/logs/supervisor.log'), 'utf8');
    t.match(log, /refuses the token/);
    const shown = stdout + stderr + log + JSON.stringify(alarms) + running.stdout + running.stderr;
    t.notOk(shown.includes(TOKEN));
    t.notOk(readFileSync(join(cwd, '.vigil/vigil.db')).includes(TOKEN));
    t.match((await vigil(t, ['config'], { cwd, env }).finished()).stdout, /github\.baseUrl/);
    t.notOk((await vigil(t, ['config'], { cwd, env }).finished()).stdout.includes(TOKEN));
  });
});
