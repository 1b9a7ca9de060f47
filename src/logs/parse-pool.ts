import { createPool, type PoolOptions } from '../pool/pool.js';
import type { Parse, ParseRequest, ParseResult } from './parse-chunk.js';

export interface ParsePool {
  readonly parse: Parse;
  close(): Promise<void>;
}

/** A pool of threads that parse logs; buffers are handed over, not copied. */
export function createParsePool(options: Omit<PoolOptions, 'worker'> = {}): ParsePool {
  const worker = new URL('./parse.worker.js', import.meta.url);
  const pool = createPool<ParseRequest, ParseResult>({ ...options, worker });
  return {
    parse: (request) => pool.run(request, { transfer: [ownBuffer(request.bytes)] }),
    close: () => pool.close(),
  };
}

/** A view of a larger or shared buffer cannot be handed over. The collector's never is one. */
function ownBuffer(bytes: Uint8Array): ArrayBuffer {
  if (bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength)
    return bytes.buffer;
  throw new TypeError('parse: the bytes have to own their buffer');
}
