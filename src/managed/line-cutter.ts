import { StringDecoder } from 'node:string_decoder';

/**
 * Cuts a byte stream into lines. A line longer than the bound comes in pieces, so that a program that never ends its line
 * is held in bounded memory; a character is never cut in two.
 */
export class LineCutter {
  readonly #decoder = new StringDecoder('utf8');
  readonly #maxChars: number;
  /** The line that has no end yet, as it came: joined once, when its end is there. */
  #open: string[] = [];
  #openChars = 0;

  constructor(maxChars: number) {
    this.#maxChars = maxChars;
  }

  /** The lines that are complete with these bytes, without their breaks. */
  push(bytes: Uint8Array): string[] {
    const text = this.#decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    const lines = text.split('\n');
    const rest = lines.pop() ?? '';
    if (lines.length > 0) lines[0] = this.#takeOpen() + (lines[0] ?? '');
    this.#open.push(rest);
    this.#openChars += rest.length;
    if (this.#openChars > this.#maxChars) {
      const parts = pieces(this.#takeOpen(), this.#maxChars);
      const last = parts.pop() ?? '';
      this.#open = [last];
      this.#openChars = last.length;
      lines.push(...parts);
    }
    return this.#tidy(lines);
  }

  /** The last line, when the stream ends without a break. */
  end(): string[] {
    const rest = this.#takeOpen() + this.#decoder.end();
    return rest === '' ? [] : this.#tidy([rest]);
  }

  #takeOpen(): string {
    const line = this.#open.length === 1 ? (this.#open[0] ?? '') : this.#open.join('');
    this.#open = [];
    this.#openChars = 0;
    return line;
  }

  /** In place: this runs for each line of a flood. */
  #tidy(lines: string[]): string[] {
    let long = false;
    for (let i = 0; i < lines.length; i++) {
      const line = lines[i] ?? '';
      if (line.endsWith('\r')) lines[i] = line.slice(0, -1);
      long ||= line.length > this.#maxChars;
    }
    return long ? lines.flatMap((line) => pieces(line, this.#maxChars)) : lines;
  }
}

function pieces(line: string, maxChars: number): string[] {
  const found: string[] = [];
  let start = 0;
  do {
    const end = pieceEnd(line, start, maxChars);
    found.push(line.slice(start, end));
    start = end;
  } while (start < line.length);
  return found;
}

/** Not between the two halves of a surrogate pair. */
function pieceEnd(text: string, start: number, maxChars: number): number {
  const end = Math.min(text.length, start + maxChars);
  const last = text.charCodeAt(end - 1);
  return end < text.length && last >= 0xd800 && last <= 0xdbff ? end - 1 : end;
}
