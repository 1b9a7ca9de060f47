import t, { type Test } from 'tap';
import { AgentOutput } from '../../src/actors/agent-output.js';
import { parseChunk } from '../../src/logs/parse-chunk.js';
import { OutputUplink } from '../../src/managed/uplink.js';
import type { AgentEvent } from '../../src/messages/agent-event.js';
import { Output } from '../../src/messages/agent-wire.js';

const OPTIONS = { instance: 'i1', batchBytes: 4_096, maxLineChars: 1_000, replayBytes: 8_192 };
const AT = '2026-01-01T00:00:00.000Z';
const never = new AbortController().signal;

function uplink(change: Partial<typeof OPTIONS> = {}): OutputUplink {
  return new OutputUplink({ ...OPTIONS, ...change });
}

/** A reader on a wire that the test holds. */
function readerOn(t: Test, maxPendingChars = 1_000_000) {
  let take: (message: unknown) => void = () => {};
  const asked: number[] = [];
  const reader = new AgentOutput({
    source: {
      subscribe: (taken) => {
        take = taken;
        return () => {
          take = () => {};
        };
      },
      requestReplay: () => asked.push(1),
    },
    parse: async (request) => parseChunk(request),
    limits: {},
    maxPendingChars,
  });
  t.teardown(() => reader.close());
  const read = async () => {
    const events: AgentEvent[] = [];
    return { events, ...(await reader.read((part) => events.push(...part), never)) };
  };
  return { read, asked, send: (text: string | undefined) => take(JSON.parse(text ?? 'null')) };
}

t.test(
  'uplink: what comes faster than it is sent is counted; the first and the latest are sent',
  async (t) => {
    const up = uplink();
    for (let i = 0; i < 10; i++)
      up.offer(
        'stdout',
        AT,
        Array.from({ length: 100 }, (_, n) => `line ${i * 100 + n}`),
      );
    const outputs = drain(up);
    const lines = outputs.flatMap((output) => output.lines);
    const dropped = outputs.reduce((sum, output) => sum + output.dropped, 0);
    t.equal(lines.length + dropped, 1_000);
    t.equal(dropped, up.dropped);
    t.ok(dropped > 0);
    t.match(
      [lines[0], lines.at(-1)],
      [{ text: 'line 0' }, { seq: 999, text: 'line 999' }],
      'and nothing follows',
    );
    for (const { seq, text } of lines) t.equal(text, `line ${seq}`);
    const numbers = lines.map(({ seq }) => seq);
    t.same(
      numbers,
      [...numbers].sort((a, b) => a - b),
    );
  },
);

/** Everything that waits, taken. */
function drain(up: OutputUplink): Output[] {
  const outputs: Output[] = [];
  for (let text = up.take(1_000_000); text !== undefined; text = up.take(1_000_000))
    outputs.push(Output.parse(JSON.parse(text)));
  return outputs;
}

t.test('uplink: no message is larger than the broker takes', async (t) => {
  const up = uplink({ maxLineChars: 1_000_000, batchBytes: 65_536 });
  up.offer('stdout', AT, ['\u0000'.repeat(500_000)]);
  up.offer('stdout', AT, ['é'.repeat(30_000)]);
  const sizes: number[] = [];
  for (let text = up.take(40_000); text !== undefined; text = up.take(40_000))
    sizes.push(Buffer.byteLength(text));
  for (const size of sizes) t.ok(size <= 40_000, String(size));
  t.ok(up.empty, 'and one that fits none is left out, not kept for ever');
  t.ok(up.dropped > 0);
});

t.test('uplink: a replay is the latest of what was sent; empty when nothing was', async (t) => {
  const up = uplink();
  t.same(Output.parse(JSON.parse(up.replay(1_000_000)[0] ?? '')), {
    instance: 'i1',
    replay: true,
    dropped: 0,
    lines: [],
  });
  for (let i = 0; i < 500; i++) {
    up.offer('stdout', AT, [`line ${i}`]);
    up.take(1_000_000);
  }
  const replayed = up.replay(1_000_000).flatMap((text) => Output.parse(JSON.parse(text)).lines);
  t.equal(replayed.at(-1)?.text, 'line 499');
  t.ok(replayed.length < 500 && replayed.length > 50);
});

t.test('reader: asks for what it missed, and takes no line twice', async (t) => {
  const up = uplink();
  const { read, asked, send } = readerOn(t);
  t.equal(asked.length, 1);
  up.offer('stdout', AT, ['one', 'two']);
  up.take(1_000_000);
  up.offer('stderr', AT, ['Error: three']);
  send(up.take(1_000_000));
  for (const text of up.replay(1_000_000)) send(text);
  up.offer('stdout', AT, ['four']);
  send(up.take(1_000_000));
  for (const text of up.replay(1_000_000)) send(text);
  const { events, notes, grown } = await read();
  t.same(
    events.map(({ index, text, kind, role }) => [index, text, kind, role]),
    [
      [0, 'one', 'message', 'assistant'],
      [1, 'two', 'message', 'assistant'],
      [2, 'four', 'message', 'assistant'],
      [3, 'Error: three', 'error', 'assistant'],
    ],
  );
  t.same(notes, []);
  t.ok(grown);
  t.same((await read()).events, []);
});

t.test('reader: an agent that answers no replay is taken as it comes', async (t) => {
  const { read, send } = readerOn(t);
  send(JSON.stringify({ instance: 'own', lines: [{ seq: 0, at: AT, stream: 'stdout', text: 'hello' }] }));
  const { events } = await read();
  t.match(events, [{ index: 0, text: 'hello' }]);
});

t.test('reader: gaps, oddities and overflow are said', async (t) => {
  const { read, send } = readerOn(t, 150);
  const line = (seq: number, text: string) => ({ seq, at: 'not a time', stream: 'stdout', text });
  send(JSON.stringify({ instance: 'own', replay: true, lines: [line(0, 'a'), line(4, 'b')] }));
  send('{"lines": 5}');
  send('null');
  send(JSON.stringify({ instance: 'own', lines: [line(5, 'x'.repeat(40)), line(6, 'y'.repeat(40))] }));
  const { events, notes } = await read();
  t.match(events, [{ text: 'y'.repeat(40) }]);
  t.match(notes, [
    /^3 lines are missing/,
    /^3 lines came faster/,
    /^2 messages on its output subject do not fit/,
  ]);
});

t.test('reader: a new instance counts anew, and may speak another format', async (t) => {
  const { read, send } = readerOn(t);
  const batch = (instance: string, text: string) =>
    JSON.stringify({ instance, replay: true, lines: [{ seq: 0, at: AT, stream: 'stdout', text }] });
  send(batch('one', 'plain'));
  await read();
  const record = { type: 'user', session_id: 's1', message: { role: 'user', content: 'Fix it' } };
  send(batch('two', JSON.stringify(record)));
  t.match((await read()).events, [{ index: 1, role: 'user', text: 'Fix it' }]);
});

t.test('reader: a whole-document format cannot come over the wire', async (t) => {
  const { read, send } = readerOn(t);
  const text = JSON.stringify({ trajectory: [{ action: 'ls', observation: '' }], history: [], info: {} });
  send(JSON.stringify({ instance: 'x', replay: true, lines: [{ seq: 0, at: AT, stream: 'stdout', text }] }));
  t.equal((await read()).events.length, 1);
});
