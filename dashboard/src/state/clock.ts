import { signal } from '@preact/signals';

/** The server's clock less ours: ages are told by the clock that wrote the times. */
let offset = 0;
let heardAt = 0;

/** Ticks once a second; what shows an age reads it. Epoch milliseconds by the server's clock. */
export const now = signal(Date.now());

setInterval(() => {
  now.value = Date.now() + offset;
}, 1_000);

/** @param at epoch milliseconds by the server's clock, said just now. */
export function heardTime(at: number): void {
  // The quickest answer tells the difference best; it is let drift by what a clock may drift.
  const heard = at - Date.now();
  if (heardAt === 0 || heard > offset || performance.now() - heardAt > 60_000) {
    offset = heard;
    heardAt = performance.now();
  }
  now.value = Date.now() + offset;
}

const UNITS: readonly (readonly [number, string])[] = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'm'],
];

/** "5 s", "3 m", "2 h 10 m": short, for a table. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  for (const [size, unit] of UNITS) {
    if (seconds < size) continue;
    const whole = Math.floor(seconds / size);
    const rest = Math.floor((seconds % size) / (size === 86_400 ? 3_600 : 60));
    if (size === 60 || rest === 0 || whole >= 10) return `${whole} ${unit}`;
    return `${whole} ${unit} ${rest} ${size === 86_400 ? 'h' : 'm'}`;
  }
  return `${seconds} s`;
}
