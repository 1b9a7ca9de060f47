import { type FSWatcher, watch } from 'node:fs';

/** Events of one moment are one look. */
const SETTLE_MS = 100;

export interface FolderWatchOptions {
  /** More are not asked for. */
  readonly maxFolders: number;
  /** Something was created, renamed or removed in one of the folders. */
  changed(): void;
}

/**
 * Has the system tell of files that come and go. It may tell nothing (network disks) or refuse (too many folders):
 * whoever uses this looks by himself every now and then, too.
 */
export class FolderWatch {
  readonly #options: FolderWatchOptions;
  readonly #watchers = new Map<string, FSWatcher>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: FolderWatchOptions) {
    this.#options = options;
  }

  /** Watches these folders, and no others. */
  update(folders: readonly string[]): void {
    const wanted = new Set(folders.slice(0, this.#options.maxFolders));
    for (const folder of this.#watchers.keys()) if (!wanted.has(folder)) this.#drop(folder);
    for (const folder of wanted) if (!this.#watchers.has(folder)) this.#add(folder);
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const folder of [...this.#watchers.keys()]) this.#drop(folder);
  }

  #add(folder: string): void {
    try {
      const watcher = watch(folder, (event) => {
        // Sessions grow all the time; only what is new is looked for.
        if (event === 'rename') this.#changed();
      });
      watcher.on('error', () => this.#drop(folder));
      this.#watchers.set(folder, watcher);
    } catch (error) {
      // Gone, or the system's limit is reached.
      if (!(error instanceof Error && 'code' in error)) throw error;
    }
  }

  #drop(folder: string): void {
    this.#watchers.get(folder)?.close();
    this.#watchers.delete(folder);
  }

  #changed(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#options.changed();
    }, SETTLE_MS);
  }
}
