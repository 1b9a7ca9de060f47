import { CommitPayload, IssuePayload, PullPayload } from './payloads.js';
import type { List } from './walk.js';

/** The lists of a repository. `repo` has passed its schema, so that it is safe in a path. */
export function issuesOf(repo: string, pageSize: number): List<IssuePayload> {
  return byTime(
    `/repos/${repo}/issues?state=all&sort=updated&direction=desc&per_page=${pageSize}`,
    IssuePayload,
  );
}

export function pullsOf(repo: string, pageSize: number): List<PullPayload> {
  return byTime(
    `/repos/${repo}/pulls?state=all&sort=updated&direction=desc&per_page=${pageSize}`,
    PullPayload,
  );
}

export function commitsOf(
  repo: string,
  branch: string,
  pageSize: number,
  isKnown: (sha: string) => boolean,
): List<CommitPayload> {
  return {
    url: `/repos/${repo}/commits?sha=${encodeURIComponent(branch)}&per_page=${pageSize}`,
    schema: CommitPayload,
    keyOf: ({ sha }) => sha,
    // Not by the newest one alone: a forced push may have taken that away.
    isKnown: ({ sha }, upto) => sha === upto || isKnown(sha),
  };
}

function byTime<T extends { readonly updated_at: string }>(url: string, schema: List<T>['schema']): List<T> {
  return {
    url,
    schema,
    keyOf: ({ updated_at }) => updated_at,
    // Times are whole seconds: another thing of the same second may be unread.
    isKnown: ({ updated_at }, upto) => updated_at < upto,
  };
}
