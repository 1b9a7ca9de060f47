import t from 'tap';
import { systemClock } from '../../src/actors/runtime/clock.js';
import type { ErrorCode } from '../../src/messages/errors.js';
import type { CompletionRequest, ModelCall } from '../../src/messages/llm.js';
import { Completions, type ModelLimits } from '../../src/model/completions.js';
import { type Answer, after, OpenAiServer, says, saysSlowly, status } from './openai-server.js';

const LIMITS: ModelLimits = {
  maxConcurrent: 3,
  maxWaiting: 100,
  tokensPerMinute: 10_000_000,
  tokensPerDay: 1_000_000,
  timeoutMs: 400,
  attempts: 3,
  backoffMs: 20,
  circuitFailures: 100,
  circuitResetMs: 200,
  cacheEntries: 10,
};
const NEVER = new AbortController().signal;

function ask(text: string): CompletionRequest {
  return {
    agent: 'a',
    messages: [{ role: 'user', content: text }],
    schema: { name: 'verdict', schema: { type: 'object' } },
    maxTokens: 100,
  };
}

async function setUp(test: Parameters<typeof OpenAiServer.start>[0], limits: Partial<ModelLimits> = {}) {
  const server = await OpenAiServer.start(test);
  const spent = { tokens: 0, exhausted: 0 };
  const calls: ModelCall[] = [];
  const completions = new Completions({
    baseUrl: server.url,
    apiKey: 'test-key',
    model: 'local-model',
    limits: { ...LIMITS, ...limits },
    clock: systemClock,
    ledger: {
      today: () => spent.tokens,
      add: (tokens) => {
        spent.tokens += tokens;
      },
    },
    budgetExhausted: () => spent.exhausted++,
    called: (call) => calls.push(call),
    traceContent: false,
  });
  return { server, completions, spent, calls };
}

t.test('an answer comes with its text, model and cost; the question carries the schema', async (t) => {
  const { server, completions, spent } = await setUp(t);
  server.next(says('{"fine": true}'));
  t.same(await completions.complete(ask('q'), NEVER), {
    text: '{"fine": true}',
    model: 'local-model',
    cached: false,
    usage: { input: 100, output: 20 },
  });
  t.equal(spent.tokens, 120);
  t.match(server.requests[0], {
    model: 'local-model',
    response_format: { type: 'json_schema', json_schema: { name: 'verdict' } },
  });
});

t.test('the same question is not paid for twice', async (t) => {
  const { server, completions, spent } = await setUp(t);
  await completions.complete(ask('q'), NEVER);
  t.match(await completions.complete(ask('q'), NEVER), { cached: true, usage: { input: 0, output: 0 } });
  t.equal(server.requests.length, 1);
  t.equal(spent.tokens, 120);
});

t.test('never more calls at once than the bound, measured at the server', async (t) => {
  const { server, completions } = await setUp(t);
  server.always(after(30, says('x')));
  await Promise.all(Array.from({ length: 20 }, (_, i) => completions.complete(ask(`q${i}`), NEVER)));
  t.equal(server.requests.length, 20);
  t.equal(server.peak, 3);
});

const hang: Answer = () => {};
const cut: Answer = (response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
  response.write('{"choices": [');
  setImmediate(() => response.destroy());
};
const drip: Answer = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => response.write(' '), 20);
  response.on('close', () => clearInterval(timer));
};
const notJson: Answer = (response) => {
  response.setHeader('content-type', 'application/json');
  response.end('<html>gateway</html>');
};

const FAILURES: readonly {
  what: string;
  answer: Answer;
  code: ErrorCode;
  tries: number;
  /** Tokens that are paid for all the same. */
  spends?: number;
}[] = [
  { what: '500', answer: status(500), code: 'UNAVAILABLE', tries: 3 },
  { what: '502', answer: status(502), code: 'UNAVAILABLE', tries: 3 },
  { what: '429 without a hint', answer: status(429), code: 'BUSY', tries: 3 },
  { what: 'a hang', answer: hang, code: 'TIMEOUT', tries: 3 },
  { what: 'a body that drips in for ever', answer: drip, code: 'TIMEOUT', tries: 3 },
  { what: 'a cut connection', answer: cut, code: 'UNAVAILABLE', tries: 3 },
  { what: 'a body that is not JSON', answer: notJson, code: 'UNAVAILABLE', tries: 3 },
  { what: 'a refused key', answer: status(401), code: 'FORBIDDEN', tries: 1 },
  { what: 'an unknown model', answer: status(404), code: 'BAD_REQUEST', tries: 1 },
  {
    what: 'a refusal',
    answer: says('', { content: null, refusal: 'no' }),
    code: 'BAD_REPLY',
    tries: 1,
    spends: 120,
  },
  { what: 'an empty answer', answer: says(''), code: 'BAD_REPLY', tries: 1, spends: 120 },
  {
    what: 'no choices',
    answer: (response) => {
      response.setHeader('content-type', 'application/json');
      response.end('{"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 0}}');
    },
    code: 'BAD_REPLY',
    tries: 1,
    spends: 5,
  },
];
for (const { what, answer, code, tries, spends = 0 } of FAILURES) {
  t.test(
    `F21, F22: ${what} is ${code} after ${tries} ${tries === 1 ? 'try' : 'tries'}, and ${spends === 0 ? 'nothing' : 'what it cost'} is spent`,
    async (t) => {
      const { server, completions, spent } = await setUp(t, { timeoutMs: 150 });
      server.always(answer);
      await t.rejects(completions.complete(ask('q'), NEVER), { code });
      t.equal(server.requests.length, tries);
      t.equal(spent.tokens, spends);
    },
  );
}

t.test('an answer that streams in slowly, but in time, counts', async (t) => {
  const { server, completions, spent } = await setUp(t, { timeoutMs: 10_000 });
  server.always(saysSlowly('slow', 10));
  t.match(await completions.complete(ask('q'), NEVER), { text: 'slow' });
  t.equal(server.requests.length, 1);
  t.ok(spent.tokens > 0);
});

t.test('F21: Retry-After is obeyed, by all callers', async (t) => {
  const { server, completions } = await setUp(t);
  const times: number[] = [];
  server.always((response, request) => {
    times.push(performance.now());
    return says('x')(response, request);
  });
  server.next(status(429, { 'retry-after': '1' }));
  const first = completions.complete(ask('a'), NEVER);
  const startedAt = performance.now();
  while (server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
  // Time for the answer to be read; the second caller comes while the first waits.
  await new Promise((resolve) => setTimeout(resolve, 100));
  await Promise.all([first, completions.complete(ask('b'), NEVER)]);
  t.equal(server.requests.length, 3);
  t.ok(
    times.every((at) => at - startedAt >= 990),
    'nobody called before the second was over',
  );
});

t.test('F21: a server that asks to be left alone for long is, by all, and nobody waits', async (t) => {
  const { server, completions } = await setUp(t);
  server.next(status(429, { 'retry-after': '600' }));
  await t.rejects(completions.complete(ask('a'), NEVER), { code: 'BUSY' });
  await t.rejects(completions.complete(ask('b'), NEVER), {
    code: 'BUSY',
    message: /asked to be left alone for another (?:600|599) s/,
  });
  t.equal(server.requests.length, 1);
});

t.test('F22: after failures in a row nobody calls for a while, then one tries', async (t) => {
  const { server, completions } = await setUp(t, { circuitFailures: 3, attempts: 1 });
  server.always(status(500));
  for (let i = 0; i < 3; i++)
    await t.rejects(completions.complete(ask(`q${i}`), NEVER), { code: 'UNAVAILABLE' });
  await t.rejects(completions.complete(ask('open'), NEVER), { code: 'BUSY', message: /tried again later/ });
  t.equal(server.requests.length, 3, 'the open circuit calls nobody');
  server.always(says('back'));
  await new Promise((resolve) => setTimeout(resolve, LIMITS.circuitResetMs + 20));
  t.match(await completions.complete(ask('probe'), NEVER), { text: 'back' });
  t.match(await completions.complete(ask('closed again'), NEVER), { text: 'back' });
});

t.test('F24: the budget of the day is a wall, told once', async (t) => {
  const { server, completions, spent } = await setUp(t, { tokensPerDay: 240 });
  await completions.complete(ask('one'), NEVER);
  await completions.complete(ask('two'), NEVER);
  await t.rejects(completions.complete(ask('three'), NEVER), {
    code: 'BUSY',
    message: /day's budget of 240 tokens/,
  });
  await t.rejects(completions.complete(ask('four'), NEVER), { code: 'BUSY' });
  t.equal(server.requests.length, 2);
  t.equal(spent.exhausted, 1);
});

t.test('a call that is taken back ends at once, waiting or under way', async (t) => {
  const { server, completions } = await setUp(t, { maxConcurrent: 1, timeoutMs: 60_000 });
  server.always(hang);
  const abort = new AbortController();
  const underWay = completions.complete(ask('a'), abort.signal);
  const waiting = completions.complete(ask('b'), abort.signal);
  while (server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
  abort.abort();
  await t.rejects(underWay, { code: 'CANCELLED' });
  await t.rejects(waiting, { code: 'CANCELLED' });
  t.equal(server.requests.length, 1);
});
