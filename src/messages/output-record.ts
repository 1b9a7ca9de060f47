import type { OutputStream } from './agent-wire.js';

/**
 * The log record of an output line: one JSON object a line, which is what `vigil run` writes to its files and what lines
 * that come over the wire are turned into before they are read.
 *
 * A line that is a JSON object itself (`claude -p --output-format stream-json`, a program's own JSON log) keeps its
 * fields and gets time and stream in front; its own ones win. Any other line is what the agent said.
 */
export function outputRecord(stamp: string, text: string): string {
  if (isJsonObject(text)) return `${stamp},${text.slice(1)}`;
  const level = FAILURE.test(text) ? ',"level":"error"' : '';
  return `${stamp},"role":"assistant"${level},"text":${JSON.stringify(text)}}`;
}

/** What a record starts with; the same for all lines that were read at once. */
export function recordStamp(at: string, stream: OutputStream): string {
  return `{"timestamp":"${at}","stream":"${stream}"`;
}

/** A level in front, or the line of an exception: "ERROR: no such table", "[ERROR] …", "ValueError: …". */
const FAILURE =
  /^\[?(?:ERROR|Error|error|FATAL|fatal|CRITICAL)(?::|\]|\s\[)|^(?:[A-Za-z_]\w{0,60}\.){0,8}[A-Z]\w{0,60}(?:Error|Exception): /;

function isJsonObject(text: string): boolean {
  if (!text.startsWith('{"') || !text.endsWith('}')) return false;
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
