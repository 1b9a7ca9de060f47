import { VigilError } from '../messages/errors.js';

const UNITS_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/**
 * The time that `--since` means: how long ago (30s, 10m, 2h, 1d, 1w), or an ISO time.
 *
 * @returns epoch milliseconds.
 * @throws VigilError BAD_REQUEST
 */
export function sinceOf(text: string, now: number): number {
  const [, figure = '', unit = ''] = /^(\d+(?:\.\d+)?)([smhdw])$/.exec(text) ?? [];
  const ago = Number(figure) * (UNITS_MS[unit] ?? Number.NaN);
  if (figure !== '' && Number.isFinite(ago)) return now - ago;
  // A bare number would be a year to Date.parse, and a word such as "may 5" a day.
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(at)) return at;
  throw new VigilError(
    'BAD_REQUEST',
    `--since: expected how long ago (30s, 10m, 2h, 1d) or an ISO time, got ${JSON.stringify(text.slice(0, 40))}`,
  );
}
