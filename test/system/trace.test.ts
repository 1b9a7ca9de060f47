import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { headers } from 'nats';
import t from 'tap';
import { testFolder } from '../folder.js';
import { connectClient, jsonLines, until, vigil } from './processes.js';

interface Span {
  name: string;
  traceId: string;
  spanId: string;
  parent?: string;
  pid: number;
  attributes: Record<string, string>;
}

const TRACE = '0af7651916cd43dd8448eb211c80319c';

t.test("a client's trace goes through trigger, scatter, actor and pool, over process borders", async (t) => {
  const cwd = testFolder(t);
  const setup = new URL('./record-spans.js', import.meta.url).href;
  const running = vigil(t, ['start'], { cwd, env: { NODE_OPTIONS: `--import ${setup}`, SPANS_FOLDER: cwd } });
  await running.says(/^Watching\./);
  const nc = await connectClient(t, cwd);
  // New logs, so that there is something to parse.
  const log = new URL('../../../fleet/logs/eps.traj', import.meta.url).pathname;
  await nc.request('vigil.rpc.agents.register', JSON.stringify({ agents: [{ id: 'traced', logs: [log] }] }));
  const own = headers();
  own.set('traceparent', `00-${TRACE}-b7ad6b7169203331-01`);
  own.set('Nats-Msg-Id', 'traced-request');
  await nc.jetstream().publish('vigil.trigger.analyze', '{"agents": ["traced"]}', { headers: own });

  const file = join(cwd, 'spans.jsonl');
  const spans = await until('the spans of all four steps', () => {
    if (!existsSync(file)) return undefined;
    const found = (jsonLines(readFileSync(file, 'utf8')) as unknown as Span[]).filter(
      ({ traceId }) => traceId === TRACE,
    );
    const names = new Set(found.map(({ name }) => name));
    return ['vigil.request', 'vigil.ask_agent', 'vigil.handle', 'vigil.parse'].every((name) =>
      names.has(name),
    )
      ? found
      : undefined;
  });
  const of = (name: string, which: (span: Span) => boolean = () => true) =>
    spans.find((span) => span.name === name && which(span));
  const request = of('vigil.request');
  t.match(request, {
    parent: 'b7ad6b7169203331',
    attributes: { 'vigil.request.id': 'traced-request', 'vigil.request.kind': 'analyze' },
  });
  const guardian = of('vigil.handle', ({ attributes }) => attributes['vigil.actor.kind'] === 'guardian');
  t.equal(guardian?.parent, request?.spanId);
  const ask = of('vigil.ask_agent');
  t.match(ask, { parent: guardian?.spanId, attributes: { 'gen_ai.agent.id': 'traced' } });
  const handle = of('vigil.handle', ({ attributes }) => attributes['vigil.actor.kind'] === 'agent');
  t.equal(handle?.parent, ask?.spanId);
  t.not(handle?.pid, request?.pid, 'the agent was judged in another process');
  t.equal(of('vigil.parse')?.parent, handle?.spanId);
});
