/** Times as logs write them. */

const ISO = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s?(Z|[+-]\d\d:?\d\d)?$/;

/** Year 1990 to 2100: a number outside is no time. */
const MIN_MS = 631_152_000_000;
const MAX_MS = 4_102_444_800_000;

/**
 * Epoch milliseconds of an ISO date and time, or of a number of seconds or milliseconds since the epoch; null when it
 * is none of these. A time without zone is local time, as the loggers that leave the zone out write it.
 */
export function timeOf(value: unknown): number | null {
  if (typeof value === 'number') return timeOfNumber(value);
  if (typeof value !== 'string' || value.length > 40) return null;
  // As most writers put it, and as the engine reads it without help: 2026-01-02T10:00:00.000Z
  if (value.length === 24 && value.charAt(23) === 'Z' && value.charAt(10) === 'T') {
    const ms = Date.parse(value);
    return Number.isNaN(ms) ? null : ms;
  }
  const match = ISO.exec(value);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second = '00', fraction = '', zone = ''] = match;
  const millis = `${fraction}000`.slice(0, 3);
  const offset = /^[+-]\d{4}$/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${millis}${offset}`);
  return Number.isNaN(ms) ? null : ms;
}

function timeOfNumber(value: number): number | null {
  const ms = value < MIN_MS ? value * 1000 : value;
  return ms >= MIN_MS && ms <= MAX_MS ? Math.round(ms) : null;
}
