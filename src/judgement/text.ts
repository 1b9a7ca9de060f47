/** Short texts out of long ones: what a trajectory keeps of an event's text. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences start with a control character
const ANSI = /\u001b\[[0-9;?]*[A-Za-z]/g;

/**
 * A copy that shares no memory with its source. V8 keeps the whole parent alive behind a slice, so a 100-character
 * label cut from an output would hold the output for as long as the step is remembered.
 */
export function detach(text: string): string {
  return text.length < 13 ? text : Buffer.from(text, 'utf8').toString('utf8');
}

/** One line, single spaces, at most `max` characters, cut with an ellipsis. */
export function oneLine(text: string, max: number): string {
  const line = text
    .slice(0, max * 4)
    .replace(ANSI, '')
    .replace(/\s+/g, ' ')
    .trim();
  return detach(line.length <= max ? line : `${line.slice(0, max - 1).trimEnd()}…`);
}

/** The last line that says something, bounded. Looks at the tail only. */
export function lastLine(text: string, max: number): string {
  const lines = text.slice(-2000).replace(ANSI, '').split(/\r?\n/);
  for (let i = lines.length - 1; i >= 0; i--) {
    const line = lines[i]?.trim() ?? '';
    if (/[\p{L}\p{N}]/u.test(line)) return oneLine(line, max);
  }
  return '';
}

/**
 * A text with what changes from one run to the next made equal: colours, times, durations, ids, counters such as
 * "attempt 2 of 5". Looks at the first 400 characters.
 */
export function normalised(text: string): string {
  return text
    .slice(0, 400)
    .replace(ANSI, '')
    .replace(/\b[0-9a-f]{8}-[0-9a-f-]{20,}\b/gi, '<id>')
    .replace(/\b\d{4}-\d\d-\d\d[T ]?|\b\d{1,2}:\d\d(:\d\d)?([.,]\d+)?Z?/g, '<time>')
    .replace(/\b\d+(\.\d+)?\s?(ms|s|sec|seconds|min|minutes)\b/gi, '<duration>')
    .replace(/\b(attempt|try|retry|round|iteration|step)s?\s*#?\d+/gi, '$1 <n>')
    .replace(/\b(?=[0-9a-f]*\d)[0-9a-f]{7,}\b/gi, '<id>')
    .replace(/\s+/g, ' ')
    .trim()
    .toLowerCase();
}
