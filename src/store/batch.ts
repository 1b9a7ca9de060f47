import type { Database } from 'better-sqlite3';

interface Write {
  run(): void;
  committed(): void;
  failed(error: unknown): void;
}

/**
 * Group commit: writes that are asked for in one turn of the event loop share one transaction, so a hundred results
 * cost one sync of the disk and not a hundred.
 */
export class WriteBatch {
  readonly #database: Database;
  readonly #maxWrites: number;
  readonly #nested: (write: Write) => void;
  #waiting: Write[] = [];
  #scheduled = false;

  constructor(database: Database, maxWrites = 500) {
    this.#database = database;
    this.#maxWrites = maxWrites;
    this.#nested = database.transaction((write: Write) => write.run());
  }

  /**
   * Runs `action` inside the next transaction.
   *
   * @returns its value once the transaction is on the disk. Rejects with what `action` threw; the other writes of the
   *   transaction are not affected by that.
   */
  write<T>(action: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let value: T;
      this.#waiting.push({
        run: () => {
          value = action();
        },
        committed: () => resolve(value),
        failed: reject,
      });
      if (this.#scheduled) return;
      this.#scheduled = true;
      setImmediate(() => this.flush());
    });
  }

  /** Commits what waits, now. */
  flush(): void {
    this.#scheduled = false;
    while (this.#waiting.length > 0) this.#commit(this.#waiting.splice(0, this.#maxWrites));
  }

  #commit(writes: readonly Write[]): void {
    const done: Write[] = [];
    try {
      this.#database.transaction(() => {
        for (const write of writes) {
          try {
            // Nested, so that a write that throws takes back its own statements and no others.
            this.#nested(write);
            done.push(write);
          } catch (error) {
            // SQLite has rolled the whole transaction back by itself (disk full, I/O error): nothing of it holds.
            if (!this.#database.inTransaction) throw error;
            write.failed(error);
          }
        }
      })();
    } catch (error) {
      for (const write of writes) write.failed(error);
      return;
    }
    for (const write of done) write.committed();
  }
}
