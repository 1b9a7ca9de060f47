/**
 * Whether an output says that its command failed, for logs that carry no flag of it. Conservative: only wording that a
 * tool or an interpreter writes itself, at the place where it writes it. A file that merely mentions an error is none.
 */

/** Start of an output: the tool refused, or the first thing it did was fail. */
const STARTS: readonly RegExp[] = [
  /^Your proposed edit has introduced new syntax error/,
  /^Your edit was not applied/,
  /^(?:No replacement was performed|Invalid (?:`\w+`|path) parameter|The path \S{1,256} (?:does not exist|is not))/,
  /^(?:Invalid|Unknown) command\b/i,
  /^No file open\b/,
  /^Text not found\b/,
  /^Wrong flag!/,
  /^(?:Error|ERROR|fatal|error)(?::| )/,
  /^(?:\/bin\/)?(?:ba|z|da)?sh: (?:line \d{1,6}: |\d{1,6}: )?\S{1,256}: /,
  /^[^\n]{0,256}: command not found$/m,
  /^[^\n]{0,512}\(?No such file or directory\)?$/,
];

/** Anywhere, at the start of a line: an interpreter or the harness speaks. */
const LINES: readonly RegExp[] = [
  /^Traceback \(most recent call last\):$/m,
  /^EXECUTION (?:TIMED OUT|FAILED)/m,
  /^(?:npm ERR!|npm error) /m,
  /^(?:Segmentation fault|Killed|Aborted)(?: \(core dumped\))?$/m,
];

/** The last line: an exception's name and message, or the exit code. */
const LAST: readonly RegExp[] = [
  /^(?:[A-Za-z_][\w.]{0,64})?(?:Error|Exception): /,
  /\bexit(?:ed)?(?: with)?(?: (?:code|status))?[ :=]{1,2}[1-9]\d{0,2}\b/i,
  /^make(?:\[\d{1,3}\])?: \*\*\* /,
];

/** Bytes of an output's end in which its last line is looked for. */
const TAIL_CHARS = 2048;

/** @param looksAtFiles the output quotes a file or a listing, where only the tool's own refusal counts. */
export function looksFailed(output: string, looksAtFiles: boolean): boolean {
  const text = output.trim();
  if (text === '') return false;
  if (STARTS.some((pattern) => pattern.test(text.slice(0, TAIL_CHARS)))) return true;
  if (looksAtFiles) return false;
  const last = text.slice(-TAIL_CHARS).split('\n').at(-1) ?? '';
  return LINES.some((pattern) => pattern.test(text)) || LAST.some((pattern) => pattern.test(last));
}

const EXIT_CODES: readonly RegExp[] = [
  /\/\/\/PROCESS-DONE:(\d{1,3}):/,
  /<returncode>(-?\d{1,3})<\/returncode>/,
  /^Exit code: (-?\d{1,3})$/m,
  /\bexecution error: .{0,64}exit code: (\d{1,3})\b/,
  /\bProcess exited with code (-?\d{1,3})\b/,
  /\bcompleted with exit code (-?\d{1,3})\b/,
  /\bfinished with exit code (-?\d{1,3})\b/,
];

/** The exit code that a harness wrote into the start or the end of an output. */
export function exitCodeIn(output: string): number | undefined {
  const edges = output.length <= 1024 ? output : `${output.slice(0, 512)}\n${output.slice(-512)}`;
  // All of them hold one of these words, and most outputs neither.
  if (!edges.includes('code') && !edges.includes('PROCESS-DONE')) return undefined;
  for (const pattern of EXIT_CODES) {
    const code = pattern.exec(edges)?.[1];
    if (code !== undefined) return Number(code);
  }
  return undefined;
}
