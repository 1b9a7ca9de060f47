import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { isatty } from 'node:tty';
import { LineCutter } from './line-cutter.js';

export interface InputParts {
  readonly source: NodeJS.ReadStream;
  /** The program's standard input, the next one's while none runs; undefined when there is none any more. */
  target(): Promise<Writable | undefined>;
  /** The agent was told these lines. */
  said(lines: readonly string[]): Promise<void>;
  readonly maxLineChars: number;
}

/**
 * Passes the runner's standard input on to the agent, which has left the terminal's process group and cannot read it
 * itself.
 */
export class Input {
  readonly #parts: InputParts;
  #ended = false;

  constructor(parts: InputParts) {
    this.#parts = parts;
  }

  /** Nothing more can come from here. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Reads to the end. A source that breaks has ended. */
  async follow(onEnd: () => void): Promise<void> {
    const { source, target, said, maxLineChars } = this.#parts;
    const cutter = new LineCutter(maxLineChars);
    try {
      if (isReadable())
        for await (const bytes of source) {
          const stdin = await target();
          if (stdin?.writable === true) stdin.write(bytes);
          if (stdin?.writableNeedDrain === true) await drained(stdin);
          await said(cutter.push(bytes as Buffer));
        }
      await said(cutter.end());
    } catch {
      // A terminal that was closed: there is nobody to tell.
    }
    this.#ended = true;
    onEnd();
  }

  close(): void {
    this.#parts.source.destroy();
  }
}

/** Resolves also when the program ends and takes nothing any more. */
async function drained(stdin: Writable): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  await Promise.race(
    [
      once(stdin, 'drain', { signal }),
      once(stdin, 'close', { signal }),
      once(stdin, 'error', { signal }),
    ].map((each) => each.catch(() => undefined)),
  );
  over.abort();
}

/** A process in the background that reads its terminal is stopped by the system. */
function isReadable(): boolean {
  if (!isatty(0)) return true;
  if (process.platform !== 'linux') return false;
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return group === foreground;
}
