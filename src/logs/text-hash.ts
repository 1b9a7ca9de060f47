import type { Scratch } from './scratch.js';

/**
 * MurmurHash3_x86_128 (Austin Appleby, in the public domain), its first 96 bits, as base64url. Equal bytes meet, others
 * do not, as far as nobody tries: it is no cryptographic hash. Takes a short text in a fraction of the time that the
 * call of a native hash costs alone. Like the original, it reads the bytes in the order of the machine.
 *
 * @param size bytes from the start of the scratch; up to a block behind them is overwritten.
 */
export function hashOf({ bytes, words }: Scratch, size: number): string {
  bytes.fill(0, size, (size + BLOCK - 1) & -BLOCK);
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const whole = (size >> 4) << 2;
  let at = 0;
  for (; at < whole; at += 4) {
    a = (Math.imul(rotate(a ^ scramble(words[at] ?? 0, A, 15, B), 19) + b, 5) + 0x561ccd1b) | 0;
    b = (Math.imul(rotate(b ^ scramble(words[at + 1] ?? 0, B, 16, C), 17) + c, 5) + 0x0bcaa747) | 0;
    c = (Math.imul(rotate(c ^ scramble(words[at + 2] ?? 0, C, 17, D), 15) + d, 5) + 0x96cd1c35) | 0;
    d = (Math.imul(rotate(d ^ scramble(words[at + 3] ?? 0, D, 18, A), 13) + a, 5) + 0x32ac3b17) | 0;
  }
  if ((size & (BLOCK - 1)) !== 0) {
    a ^= scramble(words[at] ?? 0, A, 15, B);
    b ^= scramble(words[at + 1] ?? 0, B, 16, C);
    c ^= scramble(words[at + 2] ?? 0, C, 17, D);
    d ^= scramble(words[at + 3] ?? 0, D, 18, A);
  }
  a = ((a ^ size) + (b ^ size) + (c ^ size) + (d ^ size)) | 0;
  const mixedB = mix(((b ^ size) + a) | 0);
  const mixedC = mix(((c ^ size) + a) | 0);
  const mixedD = mix(((d ^ size) + a) | 0);
  const first = (mix(a) + mixedB + mixedC + mixedD) | 0;
  return base64(first, (mixedB + first) | 0, (mixedC + first) | 0);
}

const BLOCK = 16;
const A = 0x239b961b;
const B = 0xab0e9789 | 0;
const C = 0x38b34ae5;
const D = 0xa1e38b93 | 0;

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function scramble(word: number, first: number, bits: number, second: number): number {
  return Math.imul(rotate(Math.imul(word, first), bits), second);
}

function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

const DIGITS = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_');
const written = Buffer.alloc(BLOCK);

/** Six bits a character, from the top. */
function base64(first: number, second: number, third: number): string {
  put(0, first >>> 8);
  put(4, (first << 16) | (second >>> 16));
  put(8, (second << 8) | (third >>> 24));
  put(12, third);
  return written.toString('latin1', 0, BLOCK);
}

function put(at: number, bits: number): void {
  written[at] = DIGITS[(bits >>> 18) & 63] ?? 0;
  written[at + 1] = DIGITS[(bits >>> 12) & 63] ?? 0;
  written[at + 2] = DIGITS[(bits >>> 6) & 63] ?? 0;
  written[at + 3] = DIGITS[bits & 63] ?? 0;
}
