/** The latest lines of a stream, for whoever asks why a program ended. Bounded, whatever is written. */
export class LastLines {
  readonly #max: number;
  readonly #maxChars: number;
  #lines: string[] = [];

  constructor(max: number, maxChars: number) {
    this.#max = max;
    this.#maxChars = maxChars;
  }

  push(lines: readonly string[]): void {
    const latest = lines.slice(-this.#max).map((line) => line.slice(0, this.#maxChars));
    this.#lines = [...this.#lines, ...latest].slice(-this.#max);
  }

  /** A new program writes anew. */
  clear(): void {
    this.#lines = [];
  }

  get lines(): readonly string[] {
    return this.#lines;
  }
}
