import { timeOf } from '../time.js';

/** The time and level at the start of a line of a plain log. */
export interface Stamp {
  readonly at: number | null;
  /** Upper case; empty when the line states none. */
  readonly level: string;
  /** The line without them. */
  readonly text: string;
  readonly clock: Clock;
}

/** What is known about the time so far. A JSON value. */
export interface Clock {
  /** Midnight of the day, for times that come without a date; null until one came. */
  readonly day: number | null;
  /** Time of the last stamped line. */
  readonly last: number | null;
  /** Some line had a time: lines without one belong to the line before. */
  readonly dated: boolean;
}

const DATED =
  /^[[(]?(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)\s?(Z|[+-]\d\d:?\d\d)?[\])]?/;
const TIME_ONLY = /^[[(]?(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?[\])]?(?=\s|$)/;

/** Characters behind the time in which a level can stand: logger names and file names come before it. */
const LEVEL_WINDOW = 80;
const LEVEL =
  /(?:^|[\s[(:|-])(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL|SEVERE)(?=$|[\s\]):|,-])|\[(trace|debug|info|notice|warn|warning|error|critical|fatal)\]|\blevel=(\w{4,8})\b/;

const DAY_MS = 86_400_000;
/** A step back larger than this is midnight, a smaller one is two writers out of order. */
const MIDNIGHT_STEP_MS = DAY_MS / 2;

/** Undefined when the line starts with no time. */
export function readStamp(line: string, clock: Clock, modifiedAt: number | null): Stamp | undefined {
  const dated = DATED.exec(line);
  if (dated !== null) {
    const [all, year, month, day, time = '', zone = ''] = dated;
    const at = timeOf(`${year}-${month}-${day} ${time}${zone}`);
    if (at === null) return undefined;
    return {
      at,
      ...levelAndText(line.slice(all.length)),
      clock: { day: midnight(at), last: at, dated: true },
    };
  }
  const bare = TIME_ONLY.exec(line);
  if (bare === null) return undefined;
  const [all, hour, minute, second, fraction = ''] = bare;
  const seconds = Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  if (seconds >= 86_400) return undefined;
  const sinceMidnight = seconds * 1000 + Number(`${fraction}000`.slice(0, 3));
  const next = advance(clock, sinceMidnight, modifiedAt);
  return { at: next.last, ...levelAndText(line.slice(all.length)), clock: next };
}

/**
 * Dates a time of day. The first one gets the day on which the file was last written (or the day before, when it
 * would lie ahead of that); from then on a large step back is a midnight gone by.
 */
function advance(clock: Clock, sinceMidnight: number, modifiedAt: number | null): Clock {
  if (clock.day === null) {
    if (modifiedAt === null) return { day: null, last: null, dated: true };
    const today = midnight(modifiedAt);
    const day = today + sinceMidnight > modifiedAt + 1000 ? midnight(today - 1) : today;
    return { day, last: day + sinceMidnight, dated: true };
  }
  const at = clock.day + sinceMidnight;
  if (clock.last === null || at >= clock.last - MIDNIGHT_STEP_MS)
    return { day: clock.day, last: at, dated: true };
  const day = midnight(clock.day + DAY_MS * 1.25);
  return { day, last: day + sinceMidnight, dated: true };
}

/** Local midnight, as loggers write local time. */
function midnight(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}

/** What stands between time, level and message: brackets, one separator, one space. */
const SEPARATOR = /^[\])]?[ \t]{0,4}(?:[-:|](?=\s|$))?[ \t]?/;

function levelAndText(rest: string): { level: string; text: string } {
  const match = LEVEL.exec(rest.slice(0, LEVEL_WINDOW));
  if (match === null) return { level: '', text: rest.replace(SEPARATOR, '') };
  const level = (match[1] ?? match[2] ?? match[3] ?? '').toUpperCase();
  return { level, text: rest.slice(match.index + match[0].length).replace(SEPARATOR, '') };
}
