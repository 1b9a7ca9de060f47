import notifier from 'node-notifier';
import type { Notice, NoticeSink } from './notice.js';

/** Notices of the desktop that the supervisor runs on. */
export class Desktop implements NoticeSink {
  readonly #failed: (error: unknown) => void;

  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  send({ kind, reason, text }: Notice): void {
    if (kind === 'cleared') return;
    const message = plain(text);
    notifier.notify({ title: `Vigil: ${reason}`, message, wait: false }, (error) => {
      // Without an error it is what the program wrote to standard error, nothing as a rule.
      if (error !== null && String(error) !== '') this.#failed(error);
    });
  }

  async close(): Promise<void> {}
}

/**
 * Desktops take markup in a message, and the library brings it to `notify-send` by a shell: of what an agent wrote only
 * what means nothing to either is left.
 */
function plain(text: string): string {
  return text.replace(/[^\p{L}\p{N} .,:?/_+=#@-]+/gu, ' ');
}
