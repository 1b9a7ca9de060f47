import ora, { type Ora } from 'ora';

/** What is being done, on standard error: a spinner on a terminal, plain lines elsewhere, nothing when quiet. */
export class Progress {
  readonly #spinner: Ora | undefined;
  readonly #quiet: boolean;
  #lastLine = '';

  constructor(quiet: boolean) {
    this.#quiet = quiet;
    if (!quiet && process.stderr.isTTY) this.#spinner = ora({ stream: process.stderr, discardStdin: false });
  }

  /** A new step. */
  step(text: string): void {
    if (this.#quiet) return;
    if (this.#spinner !== undefined) this.#spinner.start(text);
    else if (text !== this.#lastLine) process.stderr.write(`${text}\n`);
    this.#lastLine = text;
  }

  /** The present step goes on; plain output shows only steps. */
  update(text: string): void {
    if (this.#spinner !== undefined) this.#spinner.text = text;
  }

  done(): void {
    this.#spinner?.stop();
  }
}
