import { FolderWatch } from './folder-watch.js';
import type { Changes, Sessions } from './sessions.js';

export interface FollowOptions {
  readonly sessions: Sessions;
  /** Folders that were gone through before. */
  readonly folders: readonly string[];
  readonly pollMs: number;
  readonly maxFolders: number;
  /** Takes up what is different; a look that fails is made again. */
  taken(changes: Changes): Promise<void>;
  failed(error: unknown): void;
}

/** Between two looks for a session whose file is away: nothing tells of a file that stays away. */
const MISSING_MS = 1_000;

/**
 * Looks for sessions again and again: when the system tells of a new file, and every `pollMs` in any case. One look at a
 * time.
 *
 * @returns ends it; resolves when nothing is under way any more.
 */
export function follow(options: FollowOptions): () => Promise<void> {
  const { sessions, pollMs, maxFolders } = options;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  let again = false;
  let closed = false;
  const watch = new FolderWatch({ maxFolders, changed: () => look() });
  const lookOnce = async () => {
    const changes = await sessions.look();
    watch.update(closed ? [] : changes.folders);
    if (!closed) await options.taken(changes);
  };
  const look = () => {
    again = looking !== undefined;
    if (again || closed) return;
    clearTimeout(timer);
    looking = lookOnce()
      .catch(options.failed)
      .finally(() => {
        looking = undefined;
        if (again) look();
        else if (!closed)
          timer = setTimeout(look, sessions.missing > 0 ? Math.min(pollMs, MISSING_MS) : pollMs);
      });
  };
  watch.update(options.folders);
  // What came between the first look and the watch.
  look();
  return async () => {
    closed = true;
    clearTimeout(timer);
    await looking;
    watch.close();
  };
}
