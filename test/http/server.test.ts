import { readFileSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { testFolder } from '../folder.js';
import { connectClient, until, vigil } from '../system/processes.js';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Unlike `fetch`, it sends the Host and Origin that it is told to. */
function ask(
  base: string,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const { method = 'GET', headers = {}, body } = options;
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, base), { method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** The status for a request line as no well-behaved client writes it. */
function statusOfTarget(base: string, target: string): Promise<number> {
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    const options = { host: hostname, port, path: target, agent: false };
    request(options, (response) => resolve(response.resume().statusCode ?? 0))
      .on('error', reject)
      .end();
  });
}

const JSON_BODY = { 'content-type': 'application/json', 'x-vigil': '1' };

async function start(t: Test, env: Record<string, string> = {}) {
  const cwd = testFolder(t);
  const running = vigil(t, ['start'], {
    cwd,
    env: { VIGIL_HTTP_PORT: '0', VIGIL_CYCLE_INTERVAL_MS: '0', ...env },
  });
  const [, url = ''] = (await running.says(/^Dashboard /)).split(' ');
  return { cwd, running, url, base: url.split('#')[0] ?? '' };
}

t.test('on loopback: reads, writes by the handlers of the subjects, events, metrics, probes', async (t) => {
  const { cwd, base } = await start(t);
  t.match(base, /^http:\/\/127\.0\.0\.1:\d+\/$/);
  const noted = JSON.parse(readFileSync(join(cwd, '.vigil/supervisor.json'), 'utf8'));
  t.equal(noted.dashboard, base, 'other commands find it');

  const fleet = JSON.parse((await ask(base, 'api/fleet')).text);
  t.equal(fleet.agents.length, 8);
  const eps = fleet.agents.find(({ id }: { id: string }) => id === 'ctf-eps');
  t.match(eps, { lastAnalysis: { steeringType: 'loop' }, trend: [Number] });
  t.ok(eps.goal.length > 10);

  const agent = JSON.parse((await ask(base, 'api/agents/ctf-eps')).text);
  t.match(agent, { record: { id: 'ctf-eps' }, analysis: { verdict: { steeringType: 'loop' } } });
  t.equal(agent.points.length, 1);
  const events = JSON.parse((await ask(base, 'api/agents/ctf-eps/events?last=5')).text);
  t.equal(events.events.length, 5);
  t.match(JSON.parse((await ask(base, 'api/coherence')).text), { latest: { report: { agents: 8 } } });
  t.match(JSON.parse((await ask(base, 'api/system')).text), { status: { broker: { connected: true } } });
  for (const [path, status] of [
    ['api/agents/a.*.%3E', 400],
    ['api/agents/nobody', 404],
    ['api/agents/ctf-eps/events?last=x', 400],
    ['api/agents/ctf-eps/events?other=1', 400],
    ['api/nothing', 404],
    ['../../package.json', 404],
    ['%2e%2e/%2e%2e/package.json', 404],
  ] as const) {
    const answer = await ask(base, path);
    t.equal(answer.status, status, path);
    t.notMatch(answer.text, /"dependencies"/);
  }

  const body = '{"agents": ["ctf-eps"], "force": true}';
  const told = (await connectClient(t, cwd)).subscribe('vigil.result.analyze', { max: 1 });
  const done = JSON.parse(
    (await ask(base, 'api/rpc/analyze', { method: 'POST', headers: JSON_BODY, body })).text,
  );
  for await (const message of told)
    t.equal(message.json<{ requestId: string }>().requestId, done.requestId, 'the same on the stream');
  const refusals: [string, Parameters<typeof ask>[2], number][] = [
    ['api/rpc/analyze', { method: 'POST', headers: { 'content-type': 'application/json' }, body }, 403],
    ['api/rpc/analyze', { method: 'POST', headers: JSON_BODY, body: '{' }, 400],
    ['api/rpc/analyze', { method: 'POST', headers: JSON_BODY, body: '{"agentz": []}' }, 400],
    [
      'api/rpc/analyze',
      { method: 'POST', headers: { ...JSON_BODY, origin: 'http://evil.example' }, body },
      403,
    ],
    ['api/rpc/agents.register', { method: 'POST', headers: JSON_BODY, body: '{"agents": []}' }, 404],
    ['api/rpc/agents.steer', { method: 'POST', headers: JSON_BODY, body: `"${'x'.repeat(2_000_000)}"` }, 413],
    ['api/fleet', { headers: { host: 'evil.example' } }, 403],
    ['', { headers: { host: 'evil.example' } }, 403],
    ['metrics', { headers: { host: 'evil.example' } }, 403],
  ];
  for (const [path, options, status] of refusals)
    t.equal(
      (await ask(base, path, options)).status,
      status,
      `${path} ${JSON.stringify(options).slice(0, 90)}`,
    );

  const form = { 'content-type': 'application/x-www-form-urlencoded', 'x-vigil': '1' };
  const unsaid = await ask(base, 'api/rpc/analyze', { method: 'POST', headers: form, body });
  t.equal(unsaid.status, 415, 'what curl sends by itself');
  t.match(JSON.parse(unsaid.text), {
    error: { code: 'BAD_REQUEST', message: /send Content-Type: application\/json/ },
  });

  const metrics = (await ask(base, 'metrics')).text;
  t.match(metrics, /^vigil_agents\{state="\w+"\} \d+$/m);
  t.match(metrics, /^vigil_pool_threads\{process="h0-\w+",pool="parse"\} \d+$/m);
  t.match(metrics, /^vigil_verdicts_total\{type="loop",judge="rules"\} \d+$/m);
  t.match(metrics, /^vigil_request_duration_seconds_count\{kind="analyze",outcome="ok"\} 2$/m);
  t.notMatch(metrics, /ctf-eps/, 'no agent is named in a label');
  t.equal((await ask(base, 'livez')).status, 200);
  t.equal((await ask(base, 'readyz')).status, 200);

  const page = await ask(base, '');
  t.match(page.headers['content-security-policy'], /default-src 'none'; script-src 'self'; style-src 'self'/);
  t.notMatch(page.headers['content-security-policy'], /unsafe/);
});

t.test('the events are those of the stream, and a new verdict is among them at once', async (t) => {
  const { base } = await start(t);
  let heard = '';
  const following = request(new URL('events', base), (response) => {
    response.setEncoding('utf8').on('data', (chunk) => {
      heard += chunk;
    });
  });
  following.on('error', () => {});
  following.end();
  t.teardown(() => following.destroy());
  await until('hello', () => heard.includes('event: hello'));
  const body = '{"agents": ["ctf-eps"], "force": true}';
  await ask(base, 'api/rpc/analyze', { method: 'POST', headers: JSON_BODY, body });
  await until('the verdict', () => heard.includes('"subject":"result.analysis.ctf-eps"'));
  await until('the final result', () => heard.includes('"subject":"result.analyze"'));
});

t.test('where others reach it, a token is needed', async (t) => {
  const { cwd, url, base, running } = await start(t, { VIGIL_HTTP_HOST: '0.0.0.0' });
  const token = url.split('#token=')[1] ?? '';
  t.ok(token.length >= 16, 'one was made');
  t.equal(statSync(join(cwd, '.vigil/http-token')).mode & 0o077, 0, 'for the owner alone');
  for (const path of ['api/fleet', 'events', 'metrics']) t.equal((await ask(base, path)).status, 403, path);
  for (const path of ['', 'livez', 'readyz']) t.equal((await ask(base, path)).status, 200, path);
  for (const path of ['%61pi/fleet', 'event%73', 'metric%73', 'api/%66leet', '/api/fleet'])
    t.not((await ask(base, path)).status, 200, `written otherwise: ${path}`);
  const restart = await ask(base, '%61pi/rpc/agents.restart', {
    method: 'POST',
    headers: { 'x-vigil': '1' },
  });
  t.equal(restart.status, 403);
  t.equal(
    await statusOfTarget(base, new URL('api/fleet', base).href),
    403,
    'the whole address in the request line',
  );
  t.equal((await ask(base, 'api/session', { method: 'POST' })).status, 403);
  const bearer = { authorization: `Bearer ${token}` };
  t.equal((await ask(base, 'metrics', { headers: bearer })).status, 200);
  const session = await ask(base, 'api/session', { method: 'POST', headers: bearer });
  const [cookie = ''] = session.headers['set-cookie'] ?? [];
  t.match(cookie, /HttpOnly; SameSite=Strict/);
  t.equal((await ask(base, 'api/fleet', { headers: { cookie: cookie.split(';')[0] ?? '' } })).status, 200);
  const log = readFileSync(join(cwd, '.vigil/logs/supervisor.log'), 'utf8');
  t.notOk((log + running.stderr).includes(token), 'the token is in no log');
});
