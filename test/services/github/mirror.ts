import type { Test } from 'tap';
import { GitHubClient } from '../../../src/github/client.js';
import { newId } from '../../../src/messages/ids.js';
import { Subjects } from '../../../src/messages/subjects.js';
import { GitHubSync, type SyncOutcome } from '../../../src/services/github/github-sync.js';
import { IssueTasks } from '../../../src/services/github/issue-tasks.js';
import { TaskLeases } from '../../../src/services/tasks/task-leases.js';
import { TaskQueue } from '../../../src/services/tasks/task-queue.js';
import { GitHubSettings } from '../../../src/settings/github.js';
import { TaskSettings } from '../../../src/settings/tasks.js';
import { createStore, type Store } from '../../../src/store/store.js';
import { testFolder } from '../../folder.js';
import { GitHubServer } from '../../github/server.js';

export const TOKEN = 'ghp_canary-that-must-not-show';

/** The mirror over a real database and a real HTTP server; what it publishes waits in the outbox. */
export class TestMirror {
  readonly refusals: string[] = [];
  readonly accepted: string[] = [];
  readonly logged: string[] = [];
  readonly #name = newId();
  #next = 0;

  private constructor(
    readonly server: GitHubServer,
    readonly store: Store,
    readonly sync: GitHubSync,
    readonly client: GitHubClient,
    readonly queue: TaskQueue,
    readonly leases: TaskLeases,
    readonly issueTasks: IssueTasks | undefined,
  ) {}

  static async start(
    t: Test,
    settings: Record<string, unknown> = {},
    from: { server?: GitHubServer; dataDir?: string } = {},
  ): Promise<TestMirror> {
    const server = from.server ?? (await GitHubServer.start(t));
    const store = createStore(from.dataDir ?? testFolder(t));
    const parsed = GitHubSettings.parse({ baseUrl: server.url, retryMs: 1, maxWaitMs: 3_000, ...settings });
    const { app: _app, webhook: _webhook, ...bounds } = parsed;
    let mirror!: TestMirror;
    const client = new GitHubClient({
      ...bounds,
      token: TOKEN,
      userAgent: 'vigil-test',
      refused: (message) => mirror.refusals.push(message),
      accepted: () => mirror.accepted.push('yes'),
    });
    const subjects = new Subjects();
    const queue = await TaskQueue.open({
      store,
      subjects,
      settings: TaskSettings.parse({}),
      wakeOutbox: () => {},
      isReachable: () => true,
      monotonic: () => performance.now(),
      failed: (error) => t.fail(String(error)),
    });
    const { label, missing } = parsed.tasks;
    const issueTasks = label === undefined ? undefined : new IssueTasks({ queue, subjects, label, missing });
    await issueTasks?.begin();
    const sync = new GitHubSync({
      client,
      store,
      settings: parsed,
      issueTasks,
      subjects,
      deadlineMs: 60_000,
      wakeOutbox: () => {},
      failed: (error) => t.fail(String(error)),
      warn: (text, facts) => mirror.logged.push(text + JSON.stringify(facts)),
    });
    const leases = new TaskLeases(queue);
    mirror = new TestMirror(server, store, sync, client, queue, leases, issueTasks);
    t.teardown(() => mirror.close());
    return mirror;
  }

  #closed = false;
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.client.close();
    this.store.close();
  }

  async watch(...repos: string[]): Promise<void> {
    await this.store.write(() => {
      for (const repo of repos) this.store.repositories.add(repo, 'wire', 0);
    });
  }

  run(
    repos?: string[],
    options: { asked?: boolean; id?: string; maxConcurrent?: number } = {},
  ): Promise<SyncOutcome> {
    const { asked = repos !== undefined, id = `${this.#name}-${this.#next++}`, maxConcurrent } = options;
    return this.sync.run(id, { repos, maxConcurrent }, asked);
  }

  events(pattern: RegExp): { subject: string; body: Record<string, unknown> }[] {
    return this.store.outbox
      .next(0, 10_000)
      .filter(({ subject }) => pattern.test(subject))
      .map(({ subject, payload }) => ({ subject, body: JSON.parse(payload) }));
  }

  /** Everything that leaves or stays: a secret must be in none of it. */
  everything(): string {
    return JSON.stringify([
      this.refusals,
      this.logged,
      this.store.outbox.next(0, 10_000),
      this.store.repositories.list('', 100),
    ]);
  }
}
