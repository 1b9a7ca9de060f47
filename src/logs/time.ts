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
  const usual = ofUsualForm(value);
  if (usual !== null) return usual;
  const match = ISO.exec(value);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second = '00', fraction = '', zone = ''] = match;
  const millis = `${fraction}000`.slice(0, 3);
  const offset = /^[+-]\d{4}$/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${millis}${offset}`);
  return Number.isNaN(ms) ? null : ms;
}

/** As most writers put it, read digit by digit: 2026-01-02T10:00:00.000Z. Null when it is anything else. */
function ofUsualForm(text: string): number | null {
  if (text.length !== 24 || text.charAt(10) !== 'T' || text.charAt(19) !== '.' || text.charAt(23) !== 'Z')
    return null;
  if (text.charAt(4) !== '-' || text.charAt(7) !== '-' || text.charAt(13) !== ':' || text.charAt(16) !== ':')
    return null;
  const year = numberAt(text, 0, 4);
  const month = numberAt(text, 5, 7);
  const day = numberAt(text, 8, 10);
  const hour = numberAt(text, 11, 13);
  const minute = numberAt(text, 14, 16);
  const second = numberAt(text, 17, 19);
  const millis = numberAt(text, 20, 23);
  const isOne = month >= 1 && month <= 12 && day >= 1 && day <= 28 && hour <= 23 && minute <= 59;
  return isOne && year >= 1000 && second <= 59 && millis >= 0
    ? Date.UTC(year, month - 1, day, hour, minute, second, millis)
    : null;
}

/** NaN when there is anything but digits. */
function numberAt(text: string, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at += 1) {
    const digit = text.charCodeAt(at) - 0x30;
    value = digit >= 0 && digit <= 9 ? value * 10 + digit : Number.NaN;
  }
  return value;
}

function timeOfNumber(value: number): number | null {
  const ms = value < MIN_MS ? value * 1000 : value;
  return ms >= MIN_MS && ms <= MAX_MS ? Math.round(ms) : null;
}
