import { z } from 'zod';
import type { GitHubClient, Tally } from '../../github/client.js';
import { CommentPayload } from '../../github/payloads.js';
import { type ErrorCode, toFailure, VigilError } from '../../messages/errors.js';
import { idFrom } from '../../messages/ids.js';
import type { GitHubSettings } from '../../settings/github.js';
import type { GitHubWrite } from '../../store/github-writes.js';
import type { Store } from '../../store/store.js';
import type { TaskChange } from '../../store/tasks/task-rows.js';

export interface IssueWriterParts {
  readonly client: GitHubClient;
  readonly store: Store;
  readonly settings: GitHubSettings;
  warn(text: string, facts: Record<string, unknown>): void;
}

/** A task that is done, and the issue that it came from. */
export interface DoneTask {
  readonly repo: string;
  readonly issue: number;
  readonly task: string;
  readonly agent: string | undefined;
}

const MAX_ATTEMPTS = 10;
const RETRY_MS = 60_000;
/** Our comment cannot be older than the wish for it; a day for clocks that differ. */
const CLOCKS_MS = 86_400_000;
/** Trying again would not help. */
const FINAL: ReadonlySet<ErrorCode> = new Set(['NOT_FOUND', 'BAD_REQUEST', 'CRASHED']);
/** GitHub was not asked, or did not answer. */
const NOT_HEARD: ReadonlySet<ErrorCode> = new Set(['BUSY', 'UNAVAILABLE']);
const Comments = z.array(CommentPayload);
const Labels = z.array(z.object({ name: z.string() }));

/**
 * Writes on issues what is wanted, one thing after another. A comment carries a hidden marker and is looked for before
 * it is written: an answer that was lost, or a crash before it was recorded, makes no second one.
 */
export class IssueWriter {
  readonly #parts: IssueWriterParts;
  #running: Promise<void> | undefined;
  #again = false;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  /** Repositories that refuse what is to be written there, until when nothing is tried there (monotonic milliseconds). */
  readonly #held = new Map<string, number>();

  constructor(parts: IssueWriterParts) {
    this.#parts = parts;
  }

  /** Inside the transaction that changes tasks: what their workers have done is told on the issues that they are of. */
  tell(changes: readonly TaskChange[], now: number): void {
    const { store, settings } = this.#parts;
    if (!settings.doneComment && settings.doneLabel === undefined) return;
    const done = new Map<string, string>();
    // Without a worker it was the issue that was closed.
    for (const { id, state, agent } of changes) if (state === 'done' && agent != null) done.set(id, agent);
    if (done.size === 0) return;
    const issues = store.issueTasks.issuesOf([...done.keys()]);
    for (const { repo, number, task } of issues)
      this.want({ repo, issue: number, task, agent: done.get(task) }, now);
    // Once the transaction is on the disk.
    if (issues.length > 0) setImmediate(() => this.wake());
  }

  /** Inside the transaction that makes the task done. Nothing is wanted unless the settings say so; `wake` afterwards. */
  want({ repo, issue, task, agent }: DoneTask, now: number): void {
    const { store, settings } = this.#parts;
    const found = store.repositories.find(repo);
    if (found === undefined) return;
    const add = (kind: GitHubWrite['kind'], text: string) => {
      const id = idFrom(`${kind}:${found.token}:${issue}:${task}`);
      store.githubWrites.want({ id, token: found.token, issue, kind, text, at: now });
    };
    const { doneComment, doneLabel } = settings;
    if (doneComment) add('comment', `Task ${task} is done${agent === undefined ? '' : ` (agent ${agent})`}.`);
    if (doneLabel !== undefined) add('label', doneLabel);
  }

  /** There is something to write. */
  wake(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    if (this.#running !== undefined) {
      this.#again = true;
      return;
    }
    this.#running = this.#drain()
      .catch((error: unknown) => {
        this.#parts.warn('what is to be written on issues waits', {
          code: toFailure(error).code,
          why: toFailure(error).message,
        });
        return RETRY_MS;
      })
      .then((waitMs) => {
        this.#running = undefined;
        if (this.#closed) return;
        if (this.#again) {
          this.#again = false;
          this.wake();
        } else if (waitMs !== undefined) this.#timer = setTimeout(() => this.wake(), waitMs);
      });
  }

  /** Resolves when nothing is being written. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** @returns after how long something that waits is to be tried again; undefined when nothing waits. */
  async #drain(): Promise<number | undefined> {
    const { client, store, warn } = this.#parts;
    for (let next = this.#next(); next !== undefined && !this.#closed; next = this.#next()) {
      const { id, token, attempts, issue, kind } = next;
      try {
        await this.#write(next);
        await store.write(() => store.githubWrites.done(id));
      } catch (error) {
        const { code, message } = toFailure(error);
        // A limit, a lost server or a refused token may last for hours, and says nothing of this write.
        const heard = !NOT_HEARD.has(code) && client.refusal === undefined;
        const final = heard && (FINAL.has(code) || attempts + 1 >= MAX_ATTEMPTS);
        const why = `${code}: ${message}`;
        await store.write(() =>
          heard ? store.githubWrites.failed(id, why, final) : store.githubWrites.postponed(id, why),
        );
        warn('an issue could not be written on', { write: id, issue, kind, code, why: message, final });
        // A limit, a lost server or a refused token keeps the others as well.
        if (!heard) return RETRY_MS;
        if (!final) this.#held.set(token, performance.now() + RETRY_MS);
      }
    }
    const ends = [...this.#held.values()];
    return ends.length === 0 ? undefined : Math.max(0, Math.min(...ends) - performance.now());
  }

  #next(): GitHubWrite | undefined {
    const now = performance.now();
    for (const [token, until] of this.#held) if (until <= now) this.#held.delete(token);
    return this.#parts.store.githubWrites.next([...this.#held.keys()]);
  }

  async #write(write: GitHubWrite): Promise<void> {
    const { client, store } = this.#parts;
    const { issue, kind, text, token } = write;
    const repo = store.repositories.record(token)?.repo;
    if (repo === undefined) throw new VigilError('NOT_FOUND', 'the repository is on record no longer');
    const path = `/repos/${repo}/issues/${issue}`;
    // GitHub keeps a label once, however often it is given.
    if (kind === 'label') return void (await client.post(Labels, `${path}/labels`, { labels: [text] }));
    const marker = `<!-- vigil ${write.id} -->`;
    if (await this.#isWritten(path, marker, write.at)) return;
    await client.post(CommentPayload, `${path}/comments`, { body: `${text}\n\n${marker}` });
  }

  async #isWritten(path: string, marker: string, at: number): Promise<boolean> {
    const { client, settings } = this.#parts;
    const since = new Date(at - CLOCKS_MS).toISOString();
    const tally: Tally = { requests: 0, notModified: 0 };
    let next: string | null = `${path}/comments?per_page=100&since=${since}`;
    for (let page = 0; next !== null; page++) {
      if (page >= settings.maxPages)
        throw new VigilError(
          'BAD_REQUEST',
          'the issue has too many comments to tell whether ours is there (github.maxPages)',
        );
      const answer: Awaited<ReturnType<typeof client.get<z.infer<typeof Comments>>>> = await client.get(
        Comments,
        next,
        null,
        tally,
      );
      if (answer.kind !== 'fresh') throw new VigilError('NOT_FOUND', 'the issue takes no comments');
      if (answer.data.some(({ body }) => body.includes(marker))) return true;
      next = answer.next;
    }
    return false;
  }
}
