// Only the plain `nats` package: what any client in any language can do. Nothing of `src` is imported.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect, headers, JSONCodec, type NatsConnection, NatsError, nkeyAuthenticator } from 'nats';
import t from 'tap';
import { testFolder } from '../folder.js';

const CLI = fileURLToPath(new URL('../../../dist/src/cli/main.js', import.meta.url));
const json = JSONCodec<Record<string, unknown>>();

async function startVigil(cwd: string): Promise<{ nc: NatsConnection; stop(): Promise<void> }> {
  const child = spawn(process.execPath, [CLI, 'start'], {
    cwd,
    env: { ...process.env, VIGIL_NATS_PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for (let said = ''; !said.includes('Watching.'); ) said += String((await once(child.stdout, 'data'))[0]);
  const { url, nkeyFile } = JSON.parse(readFileSync(join(cwd, '.vigil/supervisor.json'), 'utf8'));
  const seed = new TextEncoder().encode(readFileSync(nkeyFile, 'utf8').trim());
  const nc = await connect({ servers: url, authenticator: nkeyAuthenticator(seed) });
  return {
    nc,
    stop: async () => {
      await nc.close();
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Publishes a trigger under an id of its own and collects what comes until its final result. */
async function trigger(nc: NatsConnection, kind: string, payload: string, id: string) {
  const results = nc.subscribe('vigil.result.>');
  const own = headers();
  own.set('Nats-Msg-Id', id);
  const acknowledged = await nc.jetstream().publish(`vigil.trigger.${kind}`, payload, { headers: own });
  const analyses: string[] = [];
  for await (const message of results) {
    const body = json.decode(message.data);
    if (body['requestId'] !== id) continue;
    if (message.subject.startsWith('vigil.result.analysis.'))
      analyses.push(message.subject.split('.')[3] ?? '');
    else return { acknowledged, analyses, subject: message.subject, final: body };
  }
  throw new Error('closed');
}

t.test('a plain client', async (t) => {
  const { nc, stop } = await startVigil(testFolder(t));
  t.teardown(stop);

  t.test('triggers an analysis and gets each verdict as it comes, then the whole', async (t) => {
    const { acknowledged, analyses, subject, final } = await trigger(nc, 'analyze', '{"force": true}', 'all');
    t.equal(acknowledged.stream, 'VIGIL_TRIGGERS');
    t.equal(subject, 'vigil.result.analyze');
    t.equal(analyses.length, 8);
    t.match(final, { requested: 8, failures: [], startedAt: String, finishedAt: String });
    t.same((final['items'] as { agent: string }[]).map(({ agent }) => agent).sort(), [...analyses].sort());
  });

  t.test('an unchanged fleet is not analysed again unless forced', async (t) => {
    const { analyses, final } = await trigger(nc, 'analyze', '{}', 'unchanged');
    t.same(analyses, []);
    t.equal((final['items'] as { unchanged?: boolean }[]).filter(({ unchanged }) => unchanged).length, 8);
  });

  t.test('the same message id is the same request', async (t) => {
    const { acknowledged } = await trigger(nc, 'analyze', '{"agents": ["ctf-eps"], "force": true}', 'twice');
    t.notOk(acknowledged.duplicate);
    const own = headers();
    own.set('Nats-Msg-Id', 'twice');
    const again = await nc
      .jetstream()
      .publish('vigil.trigger.analyze', '{"agents": ["ctf-eps"], "force": true}', { headers: own });
    t.ok(again.duplicate);
  });

  t.test('unknown and hostile agents are failures of their own; the others are analysed', async (t) => {
    const agents = ['ctf-eps', 'nobody', 'a.*.>', 'x\r\nPUB y 0', '', 'z'.repeat(10_000)];
    const { analyses, final } = await trigger(
      nc,
      'analyze',
      JSON.stringify({ agents, force: true }),
      'mixed',
    );
    t.same(analyses, ['ctf-eps']);
    const failures = final['failures'] as { agent: string; code: string }[];
    t.equal(failures.length, 5);
    t.equal(failures.find(({ agent }) => agent === 'nobody')?.code, 'NOT_FOUND');
    t.equal(failures.find(({ agent }) => agent === 'a.*.>')?.code, 'BAD_REQUEST');
  });

  const refused: [string, string, string, RegExp][] = [
    ['not JSON', 'analyze', '{"agents": [', /expected JSON/],
    ['a missing field', 'emergency', '{}', /agents: /],
    ['an unknown field', 'analyze', '{"agent": "ctf-eps"}', /agent/],
    ['a wrong type', 'analyze', '{"maxConcurrent": "five"}', /maxConcurrent: /],
    ['not an object', 'analyze', '[]', /trigger: /],
    ['an unknown kind', 'explode', '{}', /no trigger "explode"; there are analyze/],
  ];
  for (const [what, kind, payload, message] of refused) {
    t.test(`a trigger that is ${what} is answered on its result topic`, async (t) => {
      const { subject, final } = await trigger(nc, kind, payload, `refused-${what.replaceAll(' ', '-')}`);
      t.equal(subject, `vigil.result.${kind}`);
      t.match(final, { items: [], error: { code: 'BAD_REQUEST', message } });
    });
  }

  t.test('a monitoring cycle has both judgements and the interventions', async (t) => {
    const interventions = nc.subscribe('vigil.event.intervention.*', { max: 1 });
    const { subject, final } = await trigger(nc, 'cycle', '', 'cycle');
    t.equal(subject, 'vigil.result.cycle');
    t.match(final, { requested: 8, coherence: { agents: 8 }, failures: [] });
    t.same(final['interventions'], [], 'what stands unchanged was said before');
    interventions.unsubscribe();
  });

  t.test('an emergency is forced, names its reason and what to tell each agent', async (t) => {
    const interventions = nc.subscribe('vigil.event.intervention.ctf-eps', { max: 1 });
    const payload = JSON.stringify({ agents: ['ctf-eps', 'ctf-baby-encryption'], reason: 'bill' });
    const { subject, analyses, final } = await trigger(nc, 'emergency', payload, 'emergency');
    t.equal(subject, 'vigil.result.emergency');
    t.same(analyses.sort(), ['ctf-baby-encryption', 'ctf-eps']);
    t.match(final, {
      reason: 'bill',
      coherence: { agents: 8 },
      interventions: [
        { agent: 'ctf-eps', type: 'loop', emergency: true, delivery: 'notify', message: /submit flag/ },
      ],
    });
    for await (const event of interventions)
      t.match(json.decode(event.data), { agent: 'ctf-eps', type: 'loop' });
  });

  t.test('requests are answered, and refused with the headers of the micro protocol', async (t) => {
    const reply = await nc.request('vigil.rpc.analyze', '{"agents": ["ctf-eps"], "force": true}', {
      timeout: 10_000,
    });
    t.match(json.decode(reply.data), { items: [{ agent: 'ctf-eps', steeringType: 'loop' }] });
    const missing = await nc.request('vigil.rpc.agents.get', '{"id": "nobody"}');
    t.equal(missing.headers?.get('Nats-Service-Error-Code'), '404');
    t.match(json.decode(missing.data), { error: { code: 'NOT_FOUND' } });
    const bad = await nc.request('vigil.rpc.agents.register', '{"agents": [{"id": "a.*.>"}]}');
    t.equal(bad.headers?.get('Nats-Service-Error-Code'), '400');
    t.match(json.decode(bad.data), {
      error: { code: 'BAD_REQUEST', message: /agents\.0\.id: expected 1 to 64/ },
    });
  });

  t.test('discovery lists the service and its endpoints', async (t) => {
    const info = await nc.request('$SRV.INFO.vigil', '');
    t.match(json.decode(info.data), { name: 'vigil', type: 'io.nats.micro.v1.info_response' });
    t.match(
      (json.decode(info.data)['endpoints'] as { subject: string }[]).map(({ subject }) => subject),
      ['vigil.rpc.analyze'],
    );
  });

  t.test('a subscriber that was away catches up', async (t) => {
    const consumer = await nc
      .jetstream()
      .consumers.get('VIGIL_RESULTS', { filterSubjects: 'vigil.result.emergency' });
    const messages = await consumer.fetch({ max_messages: 2, expires: 5_000 });
    const ids: unknown[] = [];
    for await (const message of messages) ids.push(message.json<{ requestId: string }>().requestId);
    t.same(ids, ['refused-a-missing-field', 'emergency']);
  });

  t.test('it may not speak for the actors, nor listen in on them', async (t) => {
    const denied: string[] = [];
    const watch = (async () => {
      for await (const status of nc.status()) {
        if (status.type === 'error') denied.push(String(status.data));
        if (denied.length === 2) return;
      }
    })();
    nc.publish('vigil.result.analyze', '{}');
    nc.publish('vigil.actor.agent.ctf-eps', '{}');
    await nc.flush();
    await watch;
    t.same(denied, ['PERMISSIONS_VIOLATION', 'PERMISSIONS_VIOLATION']);
    const inbox = nc.subscribe('_INBOX_supervisor.>');
    await t.rejects(
      (async () => {
        for await (const _message of inbox) t.fail('read a reply that is not for it');
      })(),
      NatsError,
    );
  });
});
