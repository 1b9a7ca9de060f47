import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrokerServer } from './server.js';

/** Longer than a restart of the broker takes, and than a disk that is slow for a while. */
const FAILING_MS = 30_000;
/** Where a new start does not help, it is not tried again and again; and the restart policy has forgotten the last one. */
const PAUSE_MS = 300_000;
/** More than a file system that is full has left over for a name and a few bytes. */
const PROBE = Buffer.alloc(1_048_576, 1);

export interface StoreWatchOptions {
  readonly server: BrokerServer;
  /** Whether whoever sends is connected to it: what a broker that is away does not take says nothing of its store. */
  isConnected(): boolean;
  /** It is ended now, for its supervisor to start it anew. */
  ending(error: unknown, failingMs: number): void;
  /** It is let alone: its folder takes nothing either, and a new start would not help. */
  unwritable(error: unknown): void;
  readonly failingMs?: number;
  readonly pauseMs?: number;
}

/**
 * Ends a broker of ours that has a stream which takes nothing although its disk does. After a full disk it stays so,
 * with free space again and without a word, until it is started anew; and nobody else would do that, as it runs. Told
 * by whoever sends: a stream that nobody tells of (the triggers' alone, with 2.15) is not seen.
 */
export class StoreWatch {
  readonly #options: StoreWatchOptions;
  #failing: { readonly pid: number; readonly since: number } | undefined;
  #endedAt = Number.NEGATIVE_INFINITY;
  #judging = false;

  constructor(options: StoreWatchOptions) {
    this.#options = options;
  }

  /** A stream has taken something. */
  taken(): void {
    this.#failing = undefined;
  }

  /** A stream has not taken what was sent. Settles when it is judged what that means. */
  async refused(error: unknown): Promise<void> {
    const { server, isConnected, failingMs = FAILING_MS, pauseMs = PAUSE_MS } = this.#options;
    const now = performance.now();
    const { pid } = server;
    if (pid === undefined) return;
    // The time of one that has ended meanwhile is none of its successor's.
    if (this.#failing?.pid !== pid) this.#failing = { pid, since: now };
    const failing = this.#failing;
    const forMs = now - failing.since;
    if (forMs < failingMs || now - this.#endedAt < pauseMs || this.#judging || !isConnected()) return;
    this.#judging = true;
    const reason = await writeIn(server.folder).catch((why: unknown) => ({ why }));
    this.#judging = false;
    if (this.#failing !== failing || server.pid !== pid) return;
    // From here on anew: a disk that is freed may be all that the broker has waited for.
    this.#failing = undefined;
    if (reason !== undefined) {
      this.#options.unwritable(reason.why);
      return;
    }
    this.#endedAt = now;
    this.#options.ending(error, Math.round(forMs));
    server.kill();
  }
}

async function writeIn(folder: string): Promise<void> {
  const path = join(folder, 'probe');
  try {
    const file = await open(path, 'w', 0o600);
    try {
      await file.writeFile(PROBE);
      await file.sync();
    } finally {
      await file.close();
    }
  } finally {
    await rm(path, { force: true });
  }
}
