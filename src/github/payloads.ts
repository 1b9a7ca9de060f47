import { z } from 'zod';

/**
 * The parts that are used of GitHub's answers (docs.github.com/en/rest, API version 2022-11-28); other fields pass
 * unseen. Long texts are cut: GitHub itself takes 65,536 characters.
 */
const text = (max: number) => z.string().transform((value) => value.slice(0, max));
const Login = z
  .object({ login: z.string() })
  .nullish()
  .transform((user) => user?.login ?? null);
const Body = text(65_536)
  .nullish()
  .transform((body) => body ?? '');
const At = z.iso.datetime({ offset: true });

export const RepositoryPayload = z.object({
  id: z.number().int(),
  full_name: z.string(),
  default_branch: text(255),
  private: z.boolean(),
  archived: z.boolean().default(false),
  has_issues: z.boolean().default(true),
});
export type RepositoryPayload = z.infer<typeof RepositoryPayload>;

export const IssuePayload = z.object({
  number: z.number().int().positive(),
  title: text(1_024),
  body: Body,
  state: text(32),
  state_reason: text(32).nullish(),
  user: Login,
  labels: z
    .array(
      z.union([z.string(), z.object({ name: z.string().nullish() }).transform(({ name }) => name ?? '')]),
    )
    .default([]),
  created_at: At,
  updated_at: At,
  closed_at: At.nullish(),
  // There for pull requests only, which this list holds as well.
  pull_request: z.unknown().optional(),
});
export type IssuePayload = z.infer<typeof IssuePayload>;

export const PullPayload = z.object({
  number: z.number().int().positive(),
  title: text(1_024),
  body: Body,
  state: text(32),
  draft: z.boolean().nullish(),
  user: Login,
  created_at: At,
  updated_at: At,
  merged_at: At.nullish(),
  head: z.object({ ref: text(255), sha: text(64) }),
  base: z.object({ ref: text(255) }),
});
export type PullPayload = z.infer<typeof PullPayload>;

export const CommitPayload = z.object({
  sha: text(64),
  author: Login,
  commit: z.object({
    message: text(1_024),
    committer: z.object({ date: At.nullish() }).nullish(),
  }),
});
export type CommitPayload = z.infer<typeof CommitPayload>;

export const ReviewPayload = z.object({
  id: z.number().int(),
  user: Login,
  state: text(32),
  // A review that is not sent yet has none.
  submitted_at: At.nullish(),
});
export type ReviewPayload = z.infer<typeof ReviewPayload>;

export const CheckRunsPayload = z.object({
  check_runs: z.array(
    z.object({
      id: z.number().int(),
      name: text(255),
      status: text(32),
      conclusion: text(32).nullish(),
      started_at: At.nullish(),
      completed_at: At.nullish(),
    }),
  ),
});
export type CheckPayload = z.infer<typeof CheckRunsPayload>['check_runs'][number];

export const CommentPayload = z.object({ id: z.number().int(), body: Body });
