import { SpanKind } from '@opentelemetry/api';
import t from 'tap';
import { ALIVE } from '../../src/messages/envelope.js';
import { ATTRIBUTES, SCHEMA_URL } from '../../src/messages/telemetry.js';
import { testFolder } from '../folder.js';
import { OpenAiServer, status } from '../model/openai-server.js';
import { connectClient, vigil } from './processes.js';
import { CLIENT_SPAN, inTrace, recordingIn, type Span, spansOf } from './spans.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const LOG = new URL('../../../fleet/logs/eps.traj', import.meta.url).pathname;

t.test("a client's trace goes through trigger, scatter, actor and pool, over process borders", async (t) => {
  const cwd = testFolder(t);
  const running = vigil(t, ['start'], { cwd, env: recordingIn(cwd) });
  await running.says(/^Watching\./);
  const nc = await connectClient(t, cwd);
  // New logs, so that there is something to parse.
  await nc.request('vigil.rpc.agents.register', JSON.stringify({ agents: [{ id: 'traced', logs: [LOG] }] }));
  const headers = inTrace(TRACE, 'traced-request');
  await nc.jetstream().publish('vigil.trigger.analyze', '{"agents": ["traced"]}', { headers });

  const spans = await spansOf(cwd, TRACE, 'the span of the whole way', (found) =>
    found.some(({ name }) => name === 'process vigil.trigger.analyze'),
  );
  const of = (name: string) => spans.find((span) => span.name === name);
  const way = [
    ['process vigil.trigger.analyze', SpanKind.CONSUMER],
    ['invoke_workflow analyze', SpanKind.INTERNAL],
    ['send vigil.actor.guardian', SpanKind.PRODUCER],
    ['process vigil.actor.guardian', SpanKind.CONSUMER],
    ['invoke_agent traced', SpanKind.CLIENT],
    ['send vigil.actor.agent.traced', SpanKind.PRODUCER],
    ['process vigil.actor.agent.traced', SpanKind.CONSUMER],
    ['vigil.parse', SpanKind.INTERNAL],
  ] as const;
  let parent = CLIENT_SPAN;
  for (const [name, kind] of way) {
    // A guardian's own id follows its kind.
    const span = spans.find((each) => each.name.startsWith(name) && !isGreeting(each));
    t.match(span, { parent, kind, error: false, scope: { name: 'vigil', schemaUrl: SCHEMA_URL } }, name);
    parent = span?.spanId ?? '';
  }
  t.match(of('process vigil.trigger.analyze')?.attributes, {
    'messaging.system': 'nats',
    'messaging.operation.type': 'process',
    'messaging.destination.name': 'vigil.trigger.analyze',
    'messaging.message.id': 'traced-request',
  });
  t.match(of('invoke_workflow analyze')?.attributes, {
    'vigil.request.id': 'traced-request',
    'gen_ai.operation.name': 'invoke_workflow',
    'gen_ai.workflow.name': 'analyze',
  });
  t.match(of('invoke_agent traced')?.attributes, {
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.provider.name': 'vigil',
    'gen_ai.agent.id': 'traced',
  });
  const handled = of('process vigil.actor.agent.traced');
  t.match(handled?.attributes, { 'vigil.actor.kind': 'agent', 'messaging.system': 'nats' });
  t.not(handled?.pid, of('invoke_workflow analyze')?.pid, 'the agent was judged in another process');
});

/** An agent that is new to its host is asked for a sign first. */
const isGreeting = ({ attributes }: Span) => attributes[ATTRIBUTES.message] === ALIVE;

const chats = (spans: readonly Span[]) => spans.filter(({ name }) => name === 'chat local-model');

async function judged(
  t: Parameters<typeof testFolder>[0] & Parameters<typeof vigil>[0],
  env: Record<string, string>,
) {
  const server = await OpenAiServer.start(t);
  const cwd = testFolder(t);
  const running = vigil(t, ['start'], {
    cwd,
    env: {
      ...recordingIn(cwd),
      VIGIL_AGENTS: JSON.stringify([{ id: 'reviewed', logs: [LOG] }]),
      VIGIL_CYCLE_INTERVAL_MS: '0',
      VIGIL_JUDGE_KIND: 'llm',
      VIGIL_JUDGE_MODEL: 'local-model',
      VIGIL_JUDGE_BASE_URL: server.url,
      VIGIL_JUDGE_BACKOFF_MS: '10',
      ...env,
    },
  });
  await running.says(/^Watching\./);
  const nc = await connectClient(t, cwd);
  const spec = { id: 'anew', goal: 'find the flag', logs: [LOG] };
  await nc.request('vigil.rpc.agents.register', JSON.stringify({ agents: [spec] }));
  server.next(status(500));
  const headers = inTrace(TRACE, 'reviewed-request');
  await nc.request('vigil.rpc.analyze', '{"agents": ["anew"]}', { headers, timeout: 60_000 });
  const spans = await spansOf(cwd, TRACE, 'both calls of the model', (found) => chats(found).length === 2);
  return { spans, port: Number(new URL(server.url).port) };
}

t.test('each call of the model is a client span of the conventions, without content', async (t) => {
  const { spans, port } = await judged(t, {});
  const [failed, fine] = chats(spans);
  t.match(failed, { kind: SpanKind.CLIENT, error: true, attributes: { 'error.type': '500' } });
  t.notOk('gen_ai.usage.input_tokens' in (failed?.attributes ?? {}));
  t.strictSame(fine?.attributes, {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': 'local-model',
    'gen_ai.request.max_tokens': 600,
    'gen_ai.request.temperature': 0,
    'gen_ai.output.type': 'json',
    'gen_ai.agent.id': 'anew',
    'server.address': '127.0.0.1',
    'server.port': port,
    'gen_ai.usage.input_tokens': 100,
    'gen_ai.usage.output_tokens': 20,
    'gen_ai.response.id': 'c1',
    'gen_ai.response.model': 'local-model',
    'gen_ai.response.finish_reasons': ['stop'],
  });
  t.notMatch(JSON.stringify(spans), /find the flag/, 'what agents were told is in no span');
});

t.test('content goes into the spans where the settings ask for it', async (t) => {
  const { spans } = await judged(t, { VIGIL_JUDGE_TRACE_CONTENT: 'true' });
  const fine = chats(spans).find(({ error }) => !error);
  t.match(fine?.attributes['gen_ai.input.messages'], /"role":"system".*find the flag/s);
  t.match(fine?.attributes['gen_ai.output.messages'], /implements the parser/);
});
