import { readFileSync } from 'node:fs';
import type { ChildSpec } from '../../actors/runtime/supervision.js';
import { type AppAccess, GitHubClient } from '../../github/client.js';
import { messageOf, VigilError } from '../../messages/errors.js';
import type { GitHubAccess } from '../../messages/github.js';
import { newId } from '../../messages/ids.js';
import type { GitHubSettings } from '../../settings/github.js';
import type { Settings } from '../../settings/schema.js';
import type { Publishing } from '../events.js';
import { service } from '../service.js';
import type { TaskQueue } from '../tasks/task-queue.js';
import { GitHubSync } from './github-sync.js';
import { IssueTasks } from './issue-tasks.js';
import { IssueWriter } from './issue-writer.js';

export interface GitHubServiceParts extends Publishing {
  readonly settings: Settings;
  warn(text: string, facts: Record<string, unknown>): void;
  queue(): TaskQueue;
  opened(sync: GitHubSync): void;
}

const SHUTDOWN_MS = 5_000;

/** The mirror of GitHub as a service. */
export function githubService(parts: GitHubServiceParts): ChildSpec {
  const { settings, store, subjects, wakeOutbox, failed } = parts;
  return service('github', SHUTDOWN_MS, async () => {
    await store.write(() => store.repositories.declare(settings.github.repos, Date.now()));
    let refused = false;
    const tell = (state: GitHubAccess['state'], message: string) => {
      if (refused === (state === 'disabled')) return;
      refused = state === 'disabled';
      parts.warn(message, { github: state });
      const body: GitHubAccess = { at: new Date().toISOString(), state, message };
      store
        .write(() => store.outbox.add(`github-${newId()}`, subjects.githubEvent(state), body))
        .then(wakeOutbox, failed);
    };
    const { app: _app, webhook: _webhook, ...bounds } = settings.github;
    const client = new GitHubClient({
      ...bounds,
      ...accessOf(settings.github, process.env),
      userAgent: 'vigil',
      refused: (message) => tell('disabled', message),
      accepted: () => tell('enabled', 'GitHub takes the token again'),
    });
    const shared = { ...parts, client, settings: settings.github };
    const writer = new IssueWriter(shared);
    writer.wake();
    const queue = parts.queue();
    queue.listen((changes, { now }) => writer.tell(changes, now));
    const issueTasks = await followIssues(parts, queue);
    parts.opened(new GitHubSync({ ...shared, issueTasks, deadlineMs: settings.analysis.deadlineMs }));
    return async () => {
      client.close();
      await issueTasks?.close();
      await writer.close();
    };
  });
}

/** Begins with what an earlier run left; undefined when no label is set. */
async function followIssues(
  { settings, subjects, store, failed }: GitHubServiceParts,
  queue: TaskQueue,
): Promise<IssueTasks | undefined> {
  const { label, missing } = settings.github.tasks;
  if (label === undefined) {
    await store.write(() => store.issueTasks.ruled(undefined));
    return undefined;
  }
  const issueTasks = new IssueTasks({ queue, subjects, label, missing });
  issueTasks.begin().catch(failed);
  return issueTasks;
}

/** @throws VigilError BAD_REQUEST when a GitHub App is named in part, or its key cannot be read. */
export function accessOf(
  { app }: Pick<GitHubSettings, 'app'>,
  env: Readonly<Record<string, string | undefined>>,
): { token?: string; app?: AppAccess } {
  const { id, installation, keyFile } = app;
  if (id === undefined && installation === undefined && keyFile === undefined) {
    const token = env['VIGIL_GITHUB_TOKEN']?.trim() || env['GITHUB_TOKEN']?.trim();
    return token === undefined || token === '' ? {} : { token };
  }
  if (id === undefined || installation === undefined || keyFile === undefined)
    throw new VigilError('BAD_REQUEST', 'settings: github.app needs id, installation and keyFile');
  try {
    return { app: { id, installation, key: readFileSync(keyFile, 'utf8') } };
  } catch (error) {
    throw new VigilError('BAD_REQUEST', `settings: github.app.keyFile cannot be read: ${messageOf(error)}`);
  }
}
