import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { testFolder } from '../folder.js';
import { FakeApp } from '../github/app.js';
import { fail, GitHubServer, issueOf } from '../github/server.js';
import { connectClient, run, until } from './processes.js';

const SCRIPT = fileURLToPath(new URL('./supervisor-process.js', import.meta.url));

t.test(
  'a supervisor with a GitHub App syncs; its key and tokens are in no file and no message',
  async (t) => {
    const app = new FakeApp();
    const server = await GitHubServer.start(t);
    server.add('acme/api', { issues: [issueOf(1, 1)] });
    server.add('acme/shut');
    server.fault = (request, response) => {
      if (app.fault(request, response)) return true;
      if (!request.url?.startsWith('/repos/acme/shut')) return false;
      fail(response, 403, `Resource not accessible: ${request.headers.authorization}`);
      return true;
    };
    const cwd = testFolder(t, { 'app.pem': app.key });
    const running = run(t, SCRIPT, [], {
      cwd,
      env: {
        VIGIL_CYCLE_INTERVAL_MS: '0',
        VIGIL_HOSTS_COUNT: '1',
        VIGIL_LOG_LEVEL: 'trace',
        VIGIL_GITHUB_BASE_URL: server.url,
        VIGIL_GITHUB_INTERVAL_MS: '0',
        VIGIL_GITHUB_REPOS: '["acme/api", "acme/shut"]',
        VIGIL_GITHUB_APP_ID: String(app.id),
        VIGIL_GITHUB_APP_INSTALLATION: String(app.installation),
        VIGIL_GITHUB_APP_KEY_FILE: join(cwd, 'app.pem'),
      },
    });
    await running.says(/^ready$/);
    const nc = await connectClient(t, cwd);
    const seen: string[] = [];
    for (const subject of ['vigil.result.>', 'vigil.event.>'])
      nc.subscribe(subject, { callback: (_error, message) => seen.push(message.string()) });
    const reply = await nc.request('vigil.rpc.sync', '{}', { timeout: 30_000 });
    t.match(reply.json(), {
      items: [{ repo: 'acme/api', issues: 1 }],
      failures: [{ agent: 'acme/shut', code: 'FORBIDDEN', message: /not accessible: token \*\*\*/ }],
    });
    await until('the event of the repository that is shut', () =>
      seen.some((each) => each.includes('"forbidden"')),
    );
    running.child.kill('SIGTERM');
    const { stdout, stderr } = await running.finished();
    const files = readdirSync(join(cwd, '.vigil'), { recursive: true, encoding: 'utf8' })
      .map((name) => join(cwd, '.vigil', name))
      .filter((path) => statSync(path).isFile());
    const logs = files.filter((path) => path.endsWith('.log'));
    t.ok(
      logs.some((path) => readFileSync(path, 'utf8').includes('not accessible')),
      'the failure is in the log',
    );
    const everything = [stdout, stderr, ...seen, ...files.map((path) => readFileSync(path, 'latin1'))];
    t.ok(app.secrets.length >= 3);
    for (const secret of new Set(app.secrets))
      t.notOk(
        everything.some((text) => text.includes(secret)),
        'nowhere',
      );
  },
);
