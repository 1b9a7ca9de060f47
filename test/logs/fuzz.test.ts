import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { limitsFrom } from '../../src/logs/limits.js';
import { parseChunk } from '../../src/logs/parse-chunk.js';
import { AgentEvent, type LogFormat } from '../../src/messages/agent-event.js';
import { fixture, fleetLog, lines, parseText } from './fixtures.js';

/** Cases for each sample: `LOG_FUZZ=10000 node dist/test/logs/fuzz.test.js` for the long run. */
const CASES = Number(process.env.LOG_FUZZ ?? 500);
if (process.env.LOG_FUZZ !== undefined) t.setTimeout(0);
/** Nothing of this size takes that long but by a loop that does not end or a pattern that backtracks. */
const HANG_MS = 2000;

function wholeLines(path: string, bytes: number): Buffer {
  const source = readFileSync(path);
  return source.subarray(0, source.lastIndexOf(0x0a, bytes) + 1);
}

function smallTrajectory(): Buffer {
  const document = JSON.parse(readFileSync(fleetLog('eps.traj'), 'utf8')) as {
    trajectory: unknown[];
    history: unknown[];
  };
  const { trajectory, history } = document;
  const small = { ...document, trajectory: trajectory.slice(0, 6), history: history.slice(-3) };
  return Buffer.from(JSON.stringify(small, null, 2));
}

const GENERIC = lines(
  ...Array.from({ length: 60 }, (_, number) => [
    { ts: 1767225600 + number, role: 'user', content: `request ${number}` },
    { type: 'tool_call', tool: 'bash', input: { command: `make ${number} > out.txt` }, id: `c${number}` },
    { type: 'tool_result', tool: 'bash', output: 'no rule\n', exitCode: number % 3, id: `c${number}` },
  ]).flat(),
);

const SAMPLES: readonly (readonly [string, LogFormat, Buffer])[] = [
  ['claude-code', 'claude-code', wholeLines(fleetLog('spotter-tool_heavy.jsonl'), 14_000)],
  ['codex', 'codex', wholeLines(fixture('codex-rollout.txt'), 20_000)],
  ['swe-agent', 'swe-agent', smallTrajectory()],
  ['openhands, a list', 'openhands', readFileSync(fixture('openhands-trajectory.txt'))],
  ['openhands, instances', 'openhands', readFileSync(fixture('openhands-evaluation.txt'))],
  ['aider', 'aider', readFileSync(fixture('aider-interactive.txt'))],
  ['jsonl', 'jsonl', Buffer.from(GENERIC)],
  ['text', 'text', wholeLines(fleetLog('openhands-cfn-lint-3561-docker-denied.log'), 12_000)],
];

/** A damaged log, and up to where it is the original. */
interface Damaged {
  readonly how: string;
  readonly bytes: Buffer;
  readonly intact: number;
}

function damages(source: Buffer): fc.Arbitrary<Damaged> {
  const place = fc.nat(source.length - 1);
  const cut = place.map((at): Damaged => ({ how: 'cut', bytes: source.subarray(0, at), intact: at }));
  const flipped = fc
    .array(fc.tuple(place, fc.nat(255)), { minLength: 1, maxLength: 20 })
    .map((flips): Damaged => {
      const bytes = Buffer.from(source);
      for (const [at, value] of flips) bytes[at] = value;
      return { how: 'flipped', bytes, intact: Math.min(...flips.map(([at]) => at)) };
    });
  const spliced = fc.tuple(place, place, fc.nat(4000), fc.uint8Array({ maxLength: 12 })).map(
    ([at, from, length, noise]): Damaged => ({
      how: 'spliced',
      bytes: Buffer.concat([source.subarray(0, at), noise, source.subarray(from, from + length)]),
      intact: at,
    }),
  );
  const repeated = fc.tuple(place, fc.nat(3000), fc.integer({ min: 1, max: 4 })).map(
    ([at, length, times]): Damaged => ({
      how: 'repeated',
      bytes: Buffer.concat([
        source.subarray(0, at + length),
        ...Array.from({ length: times }, () => source.subarray(at, at + length)),
        source.subarray(at + length),
      ]),
      intact: Math.min(source.length, at + length),
    }),
  );
  return fc.oneof(cut, flipped, spliced, repeated);
}

/** What can be told for sure from the intact part: events whose last byte stands in front of the damage. */
function certain(bytes: Buffer, format: LogFormat): readonly AgentEvent[] {
  // The step that the damage is in may get other values for the fields that it has: its last three events may change.
  if (format === 'swe-agent') return steps(parseText(bytes, { format }).events).slice(0, -3);
  const whole = bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1);
  return parseChunk({
    format,
    state: undefined,
    bytes: new Uint8Array(whole),
    atEnd: false,
    final: false,
    flush: false,
    modifiedAt: null,
    limits: limitsFrom(),
    baseIndex: 0,
  }).events;
}

/** The steps of a document: its prompts stand behind them, and are lost with what is cut off. */
function steps(events: readonly AgentEvent[]): AgentEvent[] {
  const kinds = new Set(['thought', 'tool_call', 'tool_result']);
  return events.filter((event) => kinds.has(event.kind)).map((event) => ({ ...event, index: 0 }));
}

function check({ bytes, intact, how }: Damaged, source: Buffer, format: LogFormat): void {
  const start = performance.now();
  const { events } = parseText(new Uint8Array(bytes), { format });
  parseText(new Uint8Array(bytes)); // whatever it is taken for now
  const ms = performance.now() - start;
  if (ms > HANG_MS) throw new Error(`${how}: ${ms.toFixed(0)} ms`);
  for (const [index, event] of events.entries()) {
    if (event.index !== index) throw new Error(`${how}: index ${event.index} at ${index}`);
  }
  const expected = certain(source.subarray(0, intact), format);
  const found = format === 'swe-agent' ? steps(events) : events;
  for (const [index, event] of expected.entries()) {
    if (JSON.stringify(event) !== JSON.stringify(found[index]))
      throw new Error(
        `${how} at ${intact}: event ${index} of ${expected.length} before the damage is another: ${JSON.stringify(event).slice(0, 200)} | ${JSON.stringify(found[index])?.slice(0, 200)}`,
      );
  }
  const odd = events.find((event) => !AgentEvent.safeParse(event).success);
  if (odd !== undefined) throw new Error(`${how}: ${JSON.stringify(odd)}`);
}

for (const [name, format, source] of SAMPLES) {
  t.test(`${name}: however it is damaged, nothing before the damage is lost (${CASES} cases)`, async () => {
    fc.assert(
      fc.property(damages(source), (damaged) => check(damaged, source, format)),
      { numRuns: CASES },
    );
  });
}
