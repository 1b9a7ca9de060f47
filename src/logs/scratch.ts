/** The bytes of a text, in memory that the texts to come use again. */
export interface Scratch {
  readonly bytes: Buffer;
  /** The same memory, four bytes at a time. */
  readonly words: Int32Array;
}

/** Texts up to this size share one scratch; a larger one gets its own. */
const SHARED_BYTES = 64 * 1024;
/** Readers take whole blocks of up to this size, also behind the last byte of a text. */
const BLOCK_BYTES = 16;
const shared = allocate(SHARED_BYTES);

/** Room for so many bytes. What an earlier text left stands in it, and the next call may hand out the same memory. */
export function scratchFor(size: number): Scratch {
  return size <= SHARED_BYTES ? shared : allocate(size);
}

function allocate(size: number): Scratch {
  const memory = new ArrayBuffer(Math.ceil(size / BLOCK_BYTES + 1) * BLOCK_BYTES);
  return { bytes: Buffer.from(memory), words: new Int32Array(memory) };
}
