import { z } from 'zod';
import { VigilError } from '../messages/errors.js';
import type { GitHubClient, Tally } from './client.js';

/** A list of GitHub that has its newest things first, so that a change while it is read shows a thing twice and hides none. */
export interface List<T> {
  readonly url: string;
  readonly schema: z.ZodType<T>;
  /** What `upto` holds of the newest one. */
  keyOf(item: T): string;
  /** Everything from here on was read before. */
  isKnown(item: T, upto: string): boolean;
}

/** How far a list was read; as the record keeps it. */
export interface ListCursor {
  readonly url: string;
  readonly etag: string | null;
  readonly upto: string | null;
  readonly target: string | null;
  readonly next: string | null;
  readonly pages: number;
}

export interface WalkBounds {
  /** Pages read now; what is left is gone on with by the next walk. */
  readonly maxPages: number;
  /** Pages of one walk over all syncs; what is older is left out. */
  readonly maxWalk: number;
}

/** Records a page with the cursor behind it, in one transaction. */
export type WritePage<T> = (items: readonly T[], cursor: ListCursor) => Promise<void>;

const REFUSED_PAGE = new Set(['BAD_REQUEST', 'NOT_FOUND']);

/**
 * Reads what is new of a list: first what an earlier walk left, then the first page (conditional: one that has not
 * changed costs no quota and ends it), then older pages until something known is seen. The first page's URL never
 * changes, so every walk but the first can be conditional.
 *
 * @returns whether a bound left something for the next walk.
 */
export async function walk<T>(
  client: Pick<GitHubClient, 'get'>,
  list: List<T>,
  stored: ListCursor | undefined,
  bounds: WalkBounds,
  tally: Tally,
  write: WritePage<T>,
): Promise<boolean> {
  const none: ListCursor = { url: list.url, etag: null, upto: null, target: null, next: null, pages: 0 };
  let cursor = stored?.url === list.url ? stored : { ...none, upto: stored?.upto ?? null };
  const schema = z.array(list.schema);
  const seen = new Set<string>();

  const take = async (items: readonly T[], next: string | null, etag: string | null) => {
    const { upto } = cursor;
    const [newest] = items;
    const target = cursor.target ?? (newest === undefined ? (upto ?? '') : list.keyOf(newest));
    const pages = cursor.pages + 1;
    const reached = upto !== null && items.some((item) => list.isKnown(item, upto));
    const ended = next === null || reached || pages >= bounds.maxWalk;
    cursor = ended ? { ...none, etag, upto: target } : { url: list.url, etag, upto, target, next, pages };
    await write(items, cursor);
  };

  const goOn = async (): Promise<boolean> => {
    while (cursor.next !== null) {
      if (seen.size >= bounds.maxPages) return true;
      if (seen.has(cursor.next))
        throw new VigilError('BAD_REPLY', `GitHub's pages of ${pathOf(list.url)} lead in a circle`);
      seen.add(cursor.next);
      const answer = await client.get(schema, cursor.next, null, tally).catch(async (error: unknown) => {
        // A page that is there no longer: the next sync walks anew.
        if (error instanceof VigilError && REFUSED_PAGE.has(error.code))
          await write([], { ...none, upto: cursor.upto });
        throw error;
      });
      if (answer.kind === 'fresh') await take(answer.data, answer.next, cursor.etag);
      else await take([], null, null);
    }
    return false;
  };

  if (await goOn()) return true;
  const first = await client.get(schema, list.url, cursor.etag, tally);
  if (first.kind === 'same') return false;
  seen.add(list.url);
  if (first.kind === 'absent') await take([], null, null);
  else await take(first.data, first.next, first.etag);
  return goOn();
}

function pathOf(url: string): string {
  return url.replace(/\?.*/s, '');
}
