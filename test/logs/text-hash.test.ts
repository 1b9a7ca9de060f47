import fc from 'fast-check';
import t from 'tap';
import { scratchFor } from '../../src/logs/scratch.js';
import { hashOf } from '../../src/logs/text-hash.js';

function hash(bytes: Uint8Array): string {
  const scratch = scratchFor(bytes.length);
  scratch.bytes.set(bytes);
  return hashOf(scratch, bytes.length);
}

t.test('the hash is MurmurHash3_x86_128, its first 96 bits', async (t) => {
  const known: readonly (readonly [string, string])[] = [
    ['', '000000000000000000000000'],
    ['abc', '75cdc6d1a2b006a5a2b006a5'],
    ['The quick brown fox jumps over the lazy dog', '2f1583c3ecee2c675d7bf66c'],
    ['I will not buy this record, it is scratched.', 'a0a9683b25ac5e40d9af2895'],
  ];
  for (const [text, hex] of known) {
    const key = hash(Buffer.from(text));
    t.equal(key, Buffer.from(hex, 'hex').toString('base64url'), text);
  }
});

t.test('equal bytes have one hash, whatever the memory held before; each change makes another', async () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 100 }),
      fc.uint8Array({ minLength: 1, maxLength: 200 }),
      fc.nat(),
      (bytes, before, at) => {
        const first = hash(bytes);
        hash(before);
        if (hash(bytes) !== first) return false;
        const changed = Uint8Array.from(bytes);
        changed[at % bytes.length] = ((changed[at % bytes.length] ?? 0) + 1) & 0xff;
        return hash(changed) !== first && hash(Uint8Array.of(...bytes, 0)) !== first;
      },
    ),
  );
});

t.test('a text above the shared memory is hashed whole', async (t) => {
  const long = Buffer.alloc(200_000, 'x');
  const key = hash(long);
  long[199_999] = 0x79;
  t.not(hash(long), key);
});
