import type { GitHubClient } from '../../github/client.js';
import { type Failure, messageOf, toFailure, VigilError } from '../../messages/errors.js';
import type { GitHubQuota } from '../../messages/figures.js';
import { RepoName, type RepoState, type SyncItem } from '../../messages/github.js';
import type { TriggerPayload } from '../../messages/triggers.js';
import type { GitHubSettings } from '../../settings/github.js';
import type { StoredRepository } from '../../store/repositories.js';
import type { Publishing } from '../events.js';
import type { IssueTasks } from './issue-tasks.js';
import { SyncRepository } from './sync-repository.js';

export interface GitHubSyncParts extends Publishing {
  readonly client: GitHubClient;
  readonly settings: GitHubSettings;
  readonly deadlineMs: number;
  /** Undefined when issues do not become tasks. */
  readonly issueTasks: IssueTasks | undefined;
  warn(text: string, facts: Record<string, unknown>): void;
}

export interface SyncOutcome {
  readonly requested: number;
  readonly items: readonly SyncItem[];
  readonly failures: Failure[];
}

/** Syncs repositories: some at a time, each one's failure its own, each one's work done once in a request. */
export class GitHubSync {
  readonly #parts: GitHubSyncParts;
  /** A repository is synced by one request at a time; the next one waits for it. */
  readonly #busy = new Map<string, Promise<unknown>>();

  constructor(parts: GitHubSyncParts) {
    this.#parts = parts;
  }

  /** How GitHub takes Vigil's requests. */
  get figures(): { readonly quota?: GitHubQuota; readonly refusal?: string } {
    const { quota, refusal } = this.#parts.client;
    return {
      ...(quota === undefined ? {} : { quota }),
      ...(refusal === undefined ? {} : { refusal }),
    };
  }

  /** @param asked by a person or a client, not by the schedule: what was given up is tried again. */
  async run(requestId: string, payload: TriggerPayload<'sync'>, asked: boolean): Promise<SyncOutcome> {
    const { store, client, settings } = this.#parts;
    const { repositories, failures, requested } = this.#chosen(payload.repos);
    if (asked) client.tryAgain();
    const done = new Set(store.repositories.itemsOf(requestId).map(({ token }) => token));
    const waiting = repositories.filter(({ token }) => !done.has(token));
    const endsAt = performance.now() + (payload.deadlineMs ?? this.#parts.deadlineMs);
    const ended: Promise<readonly Failure[]>[] = [];
    const worker = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const repository = next;
        // The limit is on what is asked of GitHub: the next one need not wait until this one is on the disk.
        await new Promise<void>((isRead) => {
          ended.push(this.#inTurn(requestId, repository, endsAt, isRead));
        });
      }
    };
    const limit = payload.maxConcurrent ?? settings.maxConcurrent;
    await Promise.all(Array.from({ length: Math.min(limit, waiting.length) }, worker));
    failures.push(...(await Promise.all(ended)).flat());
    failures.push(...(await this.#followIssues(requestId, endsAt)));
    return { requested, items: store.repositories.itemsOf(requestId), failures };
  }

  /** Once all is read: also what could not be followed before, which may wait for what any of the repositories had. */
  async #followIssues(requestId: string, endsAt: number): Promise<readonly Failure[]> {
    const { store, issueTasks, warn } = this.#parts;
    const synced = store.repositories.itemsOf(requestId);
    if (issueTasks === undefined || synced.length === 0) return [];
    try {
      // Behind the deadline it is begun all the same: what was read is followed.
      await inTime(Math.max(1, endsAt - performance.now()), () => issueTasks.follow(true));
      const refused = synced.map(({ token, repo }) => ({
        token,
        failures: issueTasks.failuresIn(token, repo),
      }));
      await store.write(() => {
        for (const { token, failures } of refused)
          if (failures[0] !== undefined) store.repositories.refused(token, textOf(failures[0]));
      });
      return refused.flatMap(({ failures }) => failures);
    } catch (error) {
      const { code, message } = toFailure(error);
      warn('issues could not be followed', { request: requestId, code, why: message });
      return synced.map(({ repo }) => ({ agent: repo, code, message }));
    }
  }

  #chosen(names: readonly string[] | undefined) {
    const { repositories } = this.#parts.store;
    // What is gone or forbidden stays so until somebody says otherwise, and names it.
    if (names === undefined) {
      const active = repositories.all().filter(({ state }) => state === 'active');
      return { repositories: active, failures: [] as Failure[], requested: active.length };
    }
    const chosen = new Map<string, StoredRepository>();
    const failures: Failure[] = [];
    for (const name of names) {
      const found = RepoName.safeParse(name).success ? repositories.find(name) : undefined;
      if (found !== undefined) chosen.set(found.token, found);
      else
        failures.push({
          agent: name.slice(0, 140),
          code: 'NOT_FOUND',
          message: 'not on record; add it with "vigil repos add" or the setting github.repos',
        });
    }
    return { repositories: [...chosen.values()], failures, requested: names.length };
  }

  #inTurn(
    requestId: string,
    repository: StoredRepository,
    endsAt: number,
    isRead: () => void,
  ): Promise<readonly Failure[]> {
    const { token } = repository;
    const before = this.#busy.get(token) ?? Promise.resolve();
    const turn = before.then(() => this.#one(requestId, repository, endsAt, isRead));
    this.#busy.set(token, turn);
    return turn.finally(() => {
      if (this.#busy.get(token) === turn) this.#busy.delete(token);
    });
  }

  /** Never rejects, so that nobody's turn is lost. */
  async #one(
    requestId: string,
    repository: StoredRepository,
    endsAt: number,
    isRead: () => void,
  ): Promise<readonly Failure[]> {
    const { store, warn } = this.#parts;
    try {
      const ms = endsAt - performance.now();
      const { item, failures, read } = await inTime(ms, () =>
        new SyncRepository(this.#parts, repository).run(),
      ).finally(isRead);
      await store.write(() => {
        store.mirror.pullsRead(item.token, read);
        store.repositories.synced(item.token, Date.now());
        const [first] = failures;
        if (first !== undefined) store.repositories.failed(item.token, textOf(first));
        store.repositories.addItem(requestId, item);
      });
      return failures;
    } catch (error) {
      const failure = toFailure(error, repository.repo);
      warn('repository could not be synced', {
        request: requestId,
        repo: repository.repo,
        code: failure.code,
        why: failure.message,
      });
      try {
        await this.#record(repository, failure);
      } catch (unrecorded) {
        return [failure, { ...failure, code: 'STORE', message: messageOf(unrecorded) }];
      }
      return [failure];
    }
  }

  async #record({ token, repo }: StoredRepository, failure: Failure): Promise<void> {
    const { client, store, subjects, wakeOutbox } = this.#parts;
    const error = textOf(failure);
    const state = stateAfter(failure, client.refusal !== undefined);
    await store.write(() => {
      if (state === undefined) return store.repositories.failed(token, error);
      if (store.repositories.find(repo)?.state !== state) {
        const at = new Date().toISOString();
        const body = { at, repo, token, state, message: failure.message };
        store.outbox.add(`${token}.state.${at}`, subjects.repoEvent(token, 'state'), body);
      }
      store.repositories.setState(token, state, error);
    });
    wakeOutbox();
  }
}

function textOf({ code, message }: Failure): string {
  return `${code}: ${message}`;
}

/** A token that is refused says nothing of the repository. */
function stateAfter({ code }: Failure, tokenRefused: boolean): RepoState | undefined {
  if (tokenRefused) return undefined;
  if (code === 'NOT_FOUND') return 'gone';
  return code === 'FORBIDDEN' ? 'forbidden' : undefined;
}

async function inTime<T>(ms: number, work: () => Promise<T>): Promise<T> {
  const late = () =>
    new VigilError('TIMEOUT', "the request's deadline passed; the next sync goes on from there");
  if (ms <= 0) throw late();
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), Math.min(ms, 2_147_483_647));
  });
  try {
    // What runs on behind its deadline is bounded by its own times, and what it writes is right all the same.
    return await Promise.race([work(), deadline]);
  } finally {
    clearTimeout(timer);
  }
}
