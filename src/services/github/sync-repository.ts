import { z } from 'zod';
import type { Answer, GitHubClient, Tally } from '../../github/client.js';
import { commitsOf, issuesOf, pullsOf } from '../../github/lists.js';
import { CheckRunsPayload, RepositoryPayload, ReviewPayload } from '../../github/payloads.js';
import { type List, type ListCursor, walk } from '../../github/walk.js';
import { type ErrorCode, type Failure, parseWith, toFailure, VigilError } from '../../messages/errors.js';
import {
  type RepoChanged,
  type RepoChangeKind,
  RepoName,
  type RepoStateChanged,
  repoToken,
  type SyncItem,
} from '../../messages/github.js';
import type { GitHubSettings } from '../../settings/github.js';
import type { Changed, DuePull } from '../../store/mirror.js';
import type { StoredRepository } from '../../store/repositories.js';
import type { Publishing } from '../events.js';
import type { IssueTasks } from './issue-tasks.js';
import { checkRow, commitRow, factsOf, issueRow, pullRow, reviewRow } from './rows.js';

export interface SyncRepositoryParts extends Publishing {
  readonly client: GitHubClient;
  readonly settings: GitHubSettings;
  readonly issueTasks: IssueTasks | undefined;
}

export interface Synced {
  readonly item: SyncItem;
  /** Parts that could not be read; the rest was. */
  readonly failures: readonly Failure[];
  /** Pull requests whose reviews and checks are on record now. */
  readonly read: readonly number[];
}

type Count = 'issues' | 'pulls' | 'reviews' | 'checks' | 'commits';
const COUNT_OF: Readonly<Record<RepoChangeKind, Count>> = {
  issue: 'issues',
  pull: 'pulls',
  review: 'reviews',
  check: 'checks',
  commit: 'commits',
};

/** One repository, once: each page is written with its cursor and its events in one transaction. */
export class SyncRepository {
  readonly #parts: SyncRepositoryParts;
  readonly #token: string;
  readonly #tally: Tally = { requests: 0, notModified: 0 };
  readonly #counts: Record<Count, number> = { issues: 0, pulls: 0, reviews: 0, checks: 0, commits: 0 };
  readonly #failures: Failure[] = [];
  readonly #read: number[] = [];
  #repository: StoredRepository;
  #more = false;

  constructor(parts: SyncRepositoryParts, repository: StoredRepository) {
    this.#parts = parts;
    this.#token = repository.token;
    this.#repository = repository;
  }

  /** @throws VigilError when the repository cannot be read at all. */
  async run(): Promise<Synced> {
    const { store, settings } = this.#parts;
    const { pageSize } = settings;
    const readBefore = store.mirror.cursor(this.#token, 'pulls')?.upto ?? null;
    const itself = this.#itself();
    // Where GitHub answers, its word on the repository need not be waited for before the lists are asked for.
    const isBeside = this.#parts.client.isAnswering && this.#repository.state === 'active';
    if (!isBeside) await itself;
    const { repo: asked, hasIssues } = this.#repository;
    const commits = async () => {
      const recorded = await itself;
      const { repo, defaultBranch } = this.#repository;
      const isKnown = (sha: string) => store.mirror.knowsCommit(this.#token, sha);
      await allOf([
        recorded(),
        defaultBranch === null
          ? undefined
          : this.#list('commit', commitsOf(repo, defaultBranch, pageSize, isKnown), (all) =>
              all.map(commitRow),
            ),
      ]);
    };
    const pulls = async () => {
      await this.#list('pull', pullsOf(asked, pageSize), (all) => all.map(pullRow));
      await this.#details(readBefore);
    };
    await allOf([
      commits(),
      pulls(),
      hasIssues === 1
        ? this.#list('issue', issuesOf(asked, pageSize), (issues) =>
            issues.filter((issue) => issue.pull_request === undefined).map(issueRow),
          )
        : undefined,
    ]);
    const { repo } = this.#repository;
    const item = { repo, token: this.#token, ...this.#counts, ...this.#tally, more: this.#more };
    return { item, failures: this.#failures, read: this.#read };
  }

  /** @returns what records it, to be done beside the reading of its lists. */
  async #itself(): Promise<() => Promise<void>> {
    const { client, store, subjects, wakeOutbox } = this.#parts;
    const before = this.#repository;
    const url = `/repos/${before.repo}`;
    const cursor = store.mirror.cursor(this.#token, 'repository');
    const etag = cursor?.url === url ? cursor.etag : null;
    const answer = await client.get(RepositoryPayload, url, etag, this.#tally);
    if (answer.kind === 'absent') throw new VigilError('NOT_FOUND', 'GitHub has it no more (410)');
    const facts = answer.kind === 'fresh' ? factsOf(answer.data) : undefined;
    if (facts !== undefined) parseWith(RepoName, facts.repo, 'the name that GitHub gives');
    const repo = facts?.repo ?? before.repo;
    const renamed = repo.toLowerCase() !== before.repo.toLowerCase();
    const again = before.state !== 'active';
    this.#repository = {
      ...before,
      repo,
      state: 'active',
      defaultBranch: facts?.defaultBranch ?? before.defaultBranch,
      hasIssues: facts === undefined ? before.hasIssues : Number(facts.hasIssues),
    };
    if (facts === undefined && !again) return async () => {};
    const message = renamed ? `${before.repo} is ${repo} now` : `${repo} can be read again`;
    return async () => {
      await store.write(() => {
        if (answer.kind === 'fresh' && facts !== undefined) {
          store.repositories.describe(this.#token, facts);
          // Of the old name's answer: the new name is asked anew.
          const etag = renamed ? null : answer.etag;
          const cursor = { url: `/repos/${repo}`, etag, upto: null, target: null, next: null, pages: 0 };
          store.mirror.setCursor(this.#token, 'repository', cursor);
        }
        if (renamed) store.issueTasks.renamed(repoToken(repo));
        if (again) store.repositories.setState(this.#token, 'active', null);
        if (!renamed && !again) return;
        const at = new Date().toISOString();
        const body: RepoStateChanged = { at, repo, token: this.#token, state: 'active', message };
        if (renamed) body.renamedFrom = before.repo;
        store.outbox.add(`${this.#token}.state.${at}`, subjects.repoEvent(this.#token, 'state'), body);
      });
      if (renamed || again) wakeOutbox();
    };
  }

  async #list<T>(
    kind: 'issue' | 'pull' | 'commit',
    list: List<T>,
    rowsOf: (items: readonly T[]) => Record<string, unknown>[],
  ): Promise<void> {
    const { client, store, settings } = this.#parts;
    const name = COUNT_OF[kind];
    const stored = store.mirror.cursor(this.#token, name);
    const { maxPages, maxItems, pageSize } = settings;
    const bounds = { maxPages, maxWalk: Math.ceil(maxItems / pageSize) };
    // What a repository held when it was first read is no news.
    const news = (stored?.upto ?? null) !== null;
    try {
      const left = await walk(client, list, stored, bounds, this.#tally, (items, cursor) =>
        this.#write(kind, rowsOf(items), () => news, [name, cursor]),
      );
      if (left) this.#more = true;
    } catch (error) {
      const failure = toFailure(error, this.#repository.repo);
      if (client.refusal !== undefined || !OF_ONE_PART.has(failure.code)) throw error;
      this.#failures.push({ ...failure, message: `${name}: ${failure.message}` });
    }
  }

  async #details(readBefore: string | null): Promise<void> {
    const { store, settings } = this.#parts;
    const due = store.mirror.duePulls(this.#token, settings.maxDetails + 1);
    if (due.length > settings.maxDetails) this.#more = true;
    const news = (at: string | null) => readBefore !== null && at !== null && at >= readBefore;
    const refused = new Set<string>();
    for (const pull of due.slice(0, settings.maxDetails)) {
      let whole = true;
      const part = async (what: string, read: () => Promise<void>) => {
        if (refused.has(what)) return;
        try {
          await read();
        } catch (error) {
          const failure = toFailure(error, this.#repository.repo);
          if (failure.code === 'CRASHED') throw error;
          const message = `${what} of pull request ${pull.number}: ${failure.message}`;
          this.#failures.push({ ...failure, message });
          // The same for all of them: a right that the token lacks, a limit, a lost server.
          if (failure.code !== 'NOT_FOUND') refused.add(what);
          if (failure.code !== 'FORBIDDEN') whole = false;
        }
      };
      await allOf([
        part('reviews', () => this.#reviews(pull, news)),
        part('checks', () => this.#checks(pull, news)),
      ]);
      if (whole) this.#read.push(pull.number);
    }
  }

  #reviews(pull: DuePull, news: (at: string | null) => boolean): Promise<void> {
    const url = `/repos/${this.#repository.repo}/pulls/${pull.number}/reviews?per_page=100`;
    const schema = z.array(ReviewPayload);
    return this.#pages(`reviews/${pull.number}`, url, schema, (reviews, cursor) =>
      this.#write(
        'review',
        reviews.map((each) => reviewRow(pull.number, each)),
        news,
        cursor,
        pull.number,
      ),
    );
  }

  #checks(pull: DuePull, news: (at: string | null) => boolean): Promise<void> {
    const url = `/repos/${this.#repository.repo}/commits/${encodeURIComponent(pull.sha)}/check-runs?per_page=100`;
    return this.#pages(`checks/${pull.number}`, url, CheckRunsPayload, ({ check_runs: checks }, cursor) =>
      this.#write(
        'check',
        checks.map((each) => checkRow(pull.number, pull.sha, each)),
        news,
        cursor,
        pull.number,
      ),
    );
  }

  /** A short list, oldest first: read as a whole when it changed. Its ETag is kept once all of it is on record. */
  async #pages<T>(
    name: string,
    url: string,
    schema: z.ZodType<T>,
    write: (data: T, cursor: [string, ListCursor] | undefined) => Promise<void>,
  ): Promise<void> {
    const { client, store, settings } = this.#parts;
    const stored = store.mirror.cursor(this.#token, name);
    let etag: string | null = null;
    let next: string | null = url;
    for (let page = 0; next !== null && page < settings.maxPages; page++) {
      const known = page === 0 && stored?.url === url ? stored.etag : null;
      const answer: Answer<T> = await client.get(schema, next, known, this.#tally);
      if (answer.kind !== 'fresh') return;
      if (page === 0) etag = answer.etag;
      next = answer.next;
      const cursor = { url, etag, upto: null, target: null, next: null, pages: 0 };
      await write(answer.data, next === null ? [name, cursor] : undefined);
    }
  }

  async #write(
    kind: RepoChangeKind,
    rows: readonly Record<string, unknown>[],
    news: (at: string | null) => boolean,
    cursor: [string, ListCursor] | undefined,
    pull?: number,
  ): Promise<void> {
    const { store, issueTasks, wakeOutbox } = this.#parts;
    const isFollowed = (kind === 'issue' || kind === 'pull') && issueTasks !== undefined;
    const changed = await store.write(() => {
      const written = store.mirror.put(kind, this.#token, rows);
      if (isFollowed)
        store.issueTasks.changed(
          this.#token,
          written.map(({ key }) => Number(key)),
        );
      if (cursor !== undefined) store.mirror.setCursor(this.#token, ...cursor);
      for (const each of written) {
        const row = rows.find((one) => String(one[kind === 'commit' ? 'sha' : KEYS[kind]]) === each.key);
        const at = row?.['submitted_at'] ?? row?.['at'] ?? row?.['updated_at'] ?? null;
        if (news(typeof at === 'string' ? at : null)) this.#announce(kind, each, String(at), pull);
      }
      return written.length;
    });
    this.#counts[COUNT_OF[kind]] += changed;
    if (changed === 0) return;
    wakeOutbox();
    if (isFollowed) await issueTasks.follow(false);
  }

  #announce(kind: RepoChangeKind, changed: Changed, version: string, pull: number | undefined): void {
    const { store, subjects } = this.#parts;
    const event: RepoChanged = {
      at: new Date().toISOString(),
      repo: this.#repository.repo,
      token: this.#token,
      kind,
      ...changed,
      ...(pull === undefined ? {} : { pull }),
    };
    const id = `${this.#token}.${kind}.${changed.key}.${version}.${changed.state}`;
    store.outbox.add(id, subjects.repoEvent(this.#token, kind), event);
  }
}

/** At the same time; all have ended when it rejects, so that nothing is written behind the result. */
async function allOf(works: readonly (Promise<void> | undefined)[]): Promise<void> {
  const ended = await Promise.allSettled(works);
  const failed = ended.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** These say nothing of the rest of a repository: a right that the token lacks, a list that is not there. */
const OF_ONE_PART: ReadonlySet<ErrorCode> = new Set(['FORBIDDEN', 'NOT_FOUND', 'BAD_REQUEST', 'BAD_REPLY']);

const KEYS = { issue: 'number', pull: 'number', review: 'id', check: 'id', commit: 'sha' } as const;
