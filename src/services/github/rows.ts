import type {
  CheckPayload,
  CommitPayload,
  IssuePayload,
  PullPayload,
  RepositoryPayload,
  ReviewPayload,
} from '../../github/payloads.js';
import type { RepositoryFacts } from '../../store/repositories.js';

/** GitHub's answers as rows of the record. */
export function factsOf(payload: RepositoryPayload): RepositoryFacts {
  return {
    repo: payload.full_name,
    githubId: payload.id,
    defaultBranch: payload.default_branch,
    private: payload.private,
    archived: payload.archived,
    hasIssues: payload.has_issues,
  };
}

export function issueRow(issue: IssuePayload) {
  const { number, title, body, state, created_at, updated_at } = issue;
  return {
    number,
    title,
    body,
    state,
    reason: issue.state_reason ?? null,
    author: issue.user,
    labels: JSON.stringify(issue.labels),
    created_at,
    updated_at,
    closed_at: issue.closed_at ?? null,
  };
}

export function pullRow(pull: PullPayload) {
  const { number, title, body, state, created_at, updated_at } = pull;
  return {
    number,
    title,
    body,
    state,
    draft: Number(pull.draft ?? false),
    author: pull.user,
    branch: pull.head.ref,
    sha: pull.head.sha,
    base: pull.base.ref,
    created_at,
    updated_at,
    merged_at: pull.merged_at ?? null,
  };
}

export function commitRow({ sha, author, commit }: CommitPayload) {
  const message = commit.message.split('\n', 1)[0] ?? '';
  return { sha, message, author, at: commit.committer?.date ?? null };
}

export function reviewRow(pull: number, { id, user, state, submitted_at }: ReviewPayload) {
  return { id, pull, author: user, state, submitted_at: submitted_at ?? null };
}

export function checkRow(pull: number, sha: string, check: CheckPayload) {
  const { id, name, status, conclusion = null } = check;
  return { id, pull, sha, name, status, conclusion, at: check.completed_at ?? check.started_at ?? null };
}
