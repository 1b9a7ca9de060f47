import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ERROR_CODES } from './errors.js';
import { Id } from './ids.js';

/** A repository as GitHub writes it. Upper and lower case are the same repository. */
export const RepoName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_-]{0,38}\/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/,
    'expected owner/name, for example "nats-io/nats.js"',
  );

/**
 * The id of a repository in subjects, where neither `/` nor `.` may stand: the name in lower case with `-` for what does
 * not fit, at most 48 characters, then 12 hexadecimal digits of the SHA-256 of the whole lower-case name, so that
 * `a/b.c` and `a/b-c` differ. A renamed repository keeps the id that it was added with.
 */
export function repoToken(repo: string): string {
  const name = repo.toLowerCase();
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 12);
  return `${name.replace(/[^a-z0-9_-]+/g, '-').slice(0, 48)}-${hash}`;
}

/** Where a repository stands. `gone` and `forbidden` ones are asked for again only when a request names them. */
export const RepoState = z.enum(['active', 'gone', 'forbidden']);
export type RepoState = z.infer<typeof RepoState>;

const Count = z.number().int().nonnegative();

/** What one sync did for one repository. Counts are of what was new or had changed. */
export const SyncItem = z.object({
  repo: z.string().describe('Its name now.'),
  token: Id.describe('Its id in subjects.'),
  issues: Count,
  pulls: Count,
  reviews: Count,
  checks: Count,
  commits: Count,
  requests: Count.describe('Answers of GitHub that this took, those that had not changed included.'),
  notModified: Count.describe('Answers "not modified", which cost no quota.'),
  more: z
    .boolean()
    .describe(
      'A bound (`github.maxPages`, `github.maxDetails`) was reached; the next sync goes on from there.',
    ),
});
export type SyncItem = z.infer<typeof SyncItem>;

const Head = { at: z.string().describe('ISO time.'), repo: z.string(), token: Id };

export const RepoChangeKind = z.enum(['issue', 'pull', 'review', 'check', 'commit']);
export type RepoChangeKind = z.infer<typeof RepoChangeKind>;

/** `vigil.event.repo.<token>.<kind>`: something in a repository is new or changed since the sync before. */
export const RepoChanged = z.object({
  ...Head,
  kind: RepoChangeKind,
  key: z.string().describe('Number of an issue or pull request, id of a review or check, SHA of a commit.'),
  pull: z.number().int().optional().describe('The pull request of a review or check.'),
  title: z.string().describe('Title, name of the check, or first line of the commit message.'),
  state: z.string().describe('As GitHub has it; of a check its conclusion once it is completed.'),
  author: z.string().nullable(),
});
export type RepoChanged = z.infer<typeof RepoChanged>;

/** `vigil.event.repo.<token>.state`: it was deleted, hidden from the token, renamed, or is there again. */
export const RepoStateChanged = z.object({
  ...Head,
  state: RepoState,
  renamedFrom: z.string().optional(),
  message: z.string(),
});
export type RepoStateChanged = z.infer<typeof RepoStateChanged>;

/** `vigil.event.repo.<token>.task-refused`: an issue that is to be a task cannot be, or cannot be followed in all. */
export const IssueTaskRefused = z.object({
  ...Head,
  issue: z.number().int(),
  task: Id,
  code: z.enum(ERROR_CODES),
  message: z.string().describe('Such as the circle that its dependencies make.'),
});
export type IssueTaskRefused = z.infer<typeof IssueTaskRefused>;

/** `vigil.event.github.<state>`: GitHub refuses the token and nothing is synced any more, or it takes it again. */
export const GitHubAccess = z.object({
  at: z.string().describe('ISO time.'),
  state: z.enum(['disabled', 'enabled']),
  message: z.string(),
});
export type GitHubAccess = z.infer<typeof GitHubAccess>;

/** A repository on record. */
export const RepositoryRecord = z.object({
  repo: z.string(),
  token: Id.describe('Its id in subjects.'),
  state: RepoState,
  source: z.enum(['settings', 'wire']).describe('Who named it.'),
  defaultBranch: z.string().nullable(),
  private: z.boolean(),
  archived: z.boolean(),
  openIssues: Count,
  openPulls: Count,
  commits: Count.describe('Commits of the default branch on record.'),
  syncedAt: z.string().nullable().describe('ISO time of the last sync that ended well.'),
  lastError: z.string().nullable(),
});
export type RepositoryRecord = z.infer<typeof RepositoryRecord>;

/** Which agent or task a pull request belongs to, and what told. `closes`: it closes the issue that the task is of. */
export const RepoLink = z.object({
  pull: z.number().int(),
  branch: z.string(),
  agent: z.string().optional(),
  task: z.string().optional(),
  by: z.enum(['workspace', 'branch', 'title', 'body', 'closes']),
});
export type RepoLink = z.infer<typeof RepoLink>;

export const PullSummary = z.object({
  number: z.number().int(),
  title: z.string(),
  author: z.string().nullable(),
  draft: z.boolean(),
  branch: z.string(),
  updatedAt: z.string(),
  approvals: Count.describe('People whose latest review approves.'),
  changesRequested: Count.describe('People whose latest review asks for changes.'),
  checks: z.object({ passed: Count, failed: Count, running: Count }).describe('Of its latest commit.'),
});
export type PullSummary = z.infer<typeof PullSummary>;

const Repos = z.array(RepoName).min(1).max(1_000);

/** Requests about repositories, by endpoint. */
export const REPO_REQUESTS = {
  'repos.list': {
    request: z.strictObject({
      after: Id.optional().describe('Only repositories whose id sorts after this one.'),
      limit: z.number().int().min(1).max(1_000).default(200),
    }),
    reply: z.object({ repos: z.array(RepositoryRecord), next: z.string().nullable() }),
  },
  'repos.get': {
    request: z.strictObject({ repo: RepoName }),
    reply: z.object({
      ...RepositoryRecord.shape,
      pulls: z.array(PullSummary).describe('Open ones, the latest first, at most 100.'),
      links: z.array(RepoLink).describe('Of these pull requests, where names tell.'),
    }),
  },
  'repos.add': {
    request: z.strictObject({ repos: Repos }),
    reply: z.object({ added: z.array(z.string()), known: z.array(z.string()) }),
  },
  'repos.remove': {
    request: z.strictObject({ repos: Repos }),
    reply: z.object({ removed: z.array(z.string()) }),
  },
} as const;
