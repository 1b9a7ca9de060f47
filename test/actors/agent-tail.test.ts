import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openAgentLogs } from '../../src/actors/agent-logs.js';
import { AgentTail } from '../../src/actors/agent-tail.js';
import { parseChunk } from '../../src/logs/parse-chunk.js';
import { AgentSpec } from '../../src/messages/agents.js';
import { TailRequest } from '../../src/messages/requests.js';
import { testFolder } from '../folder.js';

const NEVER = new AbortController().signal;
const options = {
  cwd: '/',
  parse: async (request: Parameters<typeof parseChunk>[0]) => parseChunk(request),
  limits: {},
  maxReads: 4,
};
const line = (n: number) => `${JSON.stringify({ role: 'assistant', content: `step ${n}` })}\n`;

t.test('page by page back to the first event: each once, in order, while the log grows', async (t) => {
  const path = join(testFolder(t), 'agent.jsonl');
  writeFileSync(path, Array.from({ length: 7_300 }, (_, n) => line(n)).join(''));
  let opened = 0;
  const tail = new AgentTail(AgentSpec.parse({ id: 'a', logs: [path] }), (spec) => {
    opened++;
    return openAgentLogs(spec, options);
  });
  t.teardown(() => tail.close());
  const ask = (request: object) => tail.read(TailRequest.parse(request), NEVER);
  let { events, next } = await ask({ last: 1_000 });
  t.equal(next, 7_300);
  for (let pages = 0; pages < 20; pages++) {
    const first = events[0]?.index ?? 0;
    const page = await ask({ last: 1_000, before: first });
    t.ok(page.events.length <= 1_000);
    if (page.events.length === 0) break;
    t.equal(page.events.at(-1)?.index, first - 1, `without a gap before ${first}`);
    events = [...page.events, ...events];
    appendFileSync(path, line(next));
    next = page.next + 1;
  }
  t.same(
    events.map(({ index }) => index),
    Array.from({ length: 7_300 }, (_, n) => n),
  );
  t.ok(opened <= 3, `opened ${opened} times for seven pages`);
  const [middle] = (await ask({ last: 1, before: 5_000 })).events;
  t.match(middle, { index: 4_999, text: 'step 4999' }, 'from anywhere');
  t.same((await ask({ before: 0 })).events, []);
  t.match((await ask({ last: 2, before: next })).events.at(-1), { index: next - 1 });
});

t.test('what an agent without files has said is not asked for again', async (t) => {
  let opened = 0;
  const tail = new AgentTail(AgentSpec.parse({ id: 'a', stream: true, logs: [] }), () => {
    opened++;
    return {
      read: async () => ({ notes: [], grown: false, bytes: 0 }),
      position: () => undefined,
      close: async () => {},
    };
  });
  t.teardown(() => tail.close());
  t.same((await tail.read(TailRequest.parse({ before: 10 }), NEVER)).events, []);
  t.equal(opened, 1);
});
