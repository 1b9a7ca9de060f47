import { hasLabel, type IssueName, taskIdOf } from '../../github/issue-tasks.js';
import { repoToken } from '../../messages/github.js';
import type { GitHubSettings } from '../../settings/github.js';
import type { IssueKey, NamedIssue } from '../../store/issue-tasks.js';
import type { Store } from '../../store/store.js';

export interface Dependencies {
  /** Tasks, some of which may not be there yet. */
  readonly ids: string[];
  /** False when a repository that is named is not read yet: to be asked again. */
  readonly isKnown: boolean;
}

/**
 * The tasks that an issue's task depends on. Inside a transaction: it records what the issue names, so that it is looked at
 * again when one of these changes.
 */
export function dependenciesOf(
  store: Store,
  issue: IssueKey,
  names: readonly IssueName[],
  label: string,
  missing: GitHubSettings['tasks']['missing'],
): Dependencies {
  const keys = names
    .map(({ repo, number }) => ({ token: repo === undefined ? issue.token : tokenOf(store, repo), number }))
    .filter(({ token, number }) => token !== issue.token || number !== issue.number);
  store.issueTasks.name(issue, keys);
  const named = store.issueTasks.named(keys);
  const kept = named.filter((each) => isWaitedFor(each, label, missing));
  return {
    ids: [...new Set(kept.map(({ token, number }) => taskIdOf(token, number)))],
    isKnown: !named.some((each) => each.state === null && each.isUnread === 1),
  };
}

/** A renamed repository keeps its token. */
function tokenOf(store: Store, repo: string): string {
  return store.repositories.find(repo)?.token ?? repoToken(repo);
}

function isWaitedFor(
  { state, labels, isUnread, isPull, followed, hasTask }: NamedIssue,
  label: string,
  missing: GitHubSettings['tasks']['missing'],
): boolean {
  const isLabelled = labels !== null && hasLabel(JSON.parse(labels) as string[], label);
  if (state !== null && !isLabelled) return state !== 'closed' && missing === 'await';
  if (hasTask === 1) return true;
  // It was done, and is forgotten.
  if (followed === 'open') return false;
  if (state !== null) return state !== 'closed';
  if (isPull === 1) return false;
  return isUnread === 1 || missing === 'await';
}
