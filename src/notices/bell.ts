import type { Notice, NoticeSink } from './notice.js';

const BELL = '\u0007';

/** Rings in the terminal that the supervisor was started in; nowhere else is anybody to hear it. */
export class Bell implements NoticeSink {
  send({ kind }: Notice): void {
    if (kind === 'raised' && process.stderr.isTTY) process.stderr.write(BELL);
  }

  async close(): Promise<void> {}
}
