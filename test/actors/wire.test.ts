import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { answerText, readBatch, readReply, readRequest, requestText } from '../../src/actors/runtime/wire.js';
import { ActorReply, ActorRequest } from '../../src/messages/envelope.js';
import { ERROR_CODES, VigilError } from '../../src/messages/errors.js';

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const odd = fc.oneof(
  fc.anything(),
  fc.constantFrom(undefined, null, 0, 1, -1, 0.5, 2 ** 53, '', 'x', 'y'.repeat(65), true, [], {}),
);
const nearly = (shape: Record<string, fc.Arbitrary<unknown>>) => fc.record(shape, { requiredKeys: [] });

/** What JSON makes of it, as it would arrive. */
function overTheWire(value: unknown): unknown {
  const text = JSON.stringify(value);
  return text === undefined ? undefined : JSON.parse(text);
}

const epochs = fc.option(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), { nil: undefined });
const text = (value: string) => new TextEncoder().encode(value);

t.test('what is sent is what is read, as JSON carries it (property)', async (t) => {
  const types = fc.string({ minLength: 1, maxLength: 64 });
  const ttls = fc.double({ min: 1e-9, noNaN: true, noDefaultInfinity: true });
  const bodies = fc.option(fc.jsonValue(), { nil: undefined });
  fc.assert(
    fc.property(types, ttls, epochs, bodies, (type, ttl, epoch, body) => {
      const request = readRequest(text(requestText(type, ttl, epoch, body)));
      const reply = readReply(JSON.parse(answerText(body, epoch)));
      return (
        isDeepStrictEqual(request, overTheWire({ type, ttl, epoch, many: true, body })) &&
        isDeepStrictEqual(reply, { body: overTheWire(body ?? null), epoch })
      );
    }),
  );
  for (const none of [1n, () => 1, Symbol('x'), { toJSON: () => undefined }])
    t.throws(() => answerText(none, undefined), TypeError);
});

t.test('a request is taken exactly when it fits its schema (property)', async () => {
  const request = nearly({
    type: odd,
    ttl: odd,
    epoch: odd,
    many: odd,
    body: fc.jsonValue(),
    extra: fc.jsonValue(),
  });
  fc.assert(
    fc.property(fc.oneof(request, odd), (value) => {
      fc.pre(JSON.stringify(value) !== undefined);
      const taken = readRequest(bytes(value)) !== undefined;
      return taken === ActorRequest.safeParse(overTheWire(value)).success;
    }),
    { numRuns: 5_000 },
  );
});

t.test('a reply is taken exactly when it fits its schema (property)', async () => {
  const failure = fc.record({ code: fc.constantFrom<unknown>(...ERROR_CODES, 'NO_SUCH', 5), message: odd });
  const reply = nearly({ ok: fc.jsonValue(), epoch: odd, error: fc.oneof(failure, odd) });
  fc.assert(
    fc.property(fc.oneof(reply, odd), (value) => {
      fc.pre(JSON.stringify(value) !== undefined);
      const arrived = overTheWire(value);
      const read = readReply(arrived);
      const refused =
        read instanceof VigilError &&
        read.code === 'BAD_REPLY' &&
        read.message.startsWith('the answer is something else');
      return refused === !ActorReply.safeParse(arrived).success;
    }),
    { numRuns: 5_000 },
  );
});

t.test('several answers in one message keep their order; what is none is refused', async (t) => {
  const batch = [
    ['a', { ok: 1 }],
    ['b', { error: { code: 'BUSY', message: 'full' } }],
  ];
  t.same(readBatch(bytes(batch)), batch);
  for (const none of [{}, [1], [['a']], [['a', 1, 2]], [[1, {}]], 'x', null])
    t.equal(readBatch(bytes(none)), undefined);
  t.equal(readBatch(new Uint8Array([0xff, 0xfe])), undefined, 'not UTF-8');
});
