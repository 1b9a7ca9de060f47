import { z } from 'zod';
import { RepoName } from '../messages/github.js';

const ms = (min: number, max: number) => z.number().int().min(min).max(max);
const count = (min: number, max: number) => z.number().int().min(min).max(max);
const DAY_MS = 86_400_000;

/** The mirror of GitHub. The token comes from `VIGIL_GITHUB_TOKEN` or `GITHUB_TOKEN` and is never a setting. */
export const GitHubSettings = z.strictObject({
  repos: z
    .array(RepoName)
    .max(1_000)
    .default([])
    .describe('Repositories to mirror (owner/name); others are added by `vigil repos add`.'),
  baseUrl: z
    .url()
    .default('https://api.github.com')
    .describe('The API; of an Enterprise server https://HOST/api/v3.'),
  app: z
    .strictObject({
      id: count(1, Number.MAX_SAFE_INTEGER).optional().describe('Id of a GitHub App, in place of a token.'),
      installation: count(1, Number.MAX_SAFE_INTEGER).optional().describe('Id of its installation.'),
      keyFile: z.string().min(1).optional().describe('File with its private key (PEM).'),
    })
    .prefault({}),
  intervalMs: ms(0, DAY_MS).default(300_000).describe('Between two syncs; 0: only when triggered.'),
  maxConcurrent: count(1, 100).default(3).describe('Repositories synced at once, per request.'),
  timeoutMs: ms(100, 600_000).default(30_000).describe('For one answer of GitHub, its body included.'),
  maxBytes: count(1_024, 268_435_456).default(16_777_216).describe('Largest answer taken.'),
  retries: count(0, 10).default(2).describe('Further tries of a read after a server error or a cut answer.'),
  retryMs: ms(1, 60_000)
    .default(1_000)
    .describe('Wait before the first of them; the second waits four times as long.'),
  maxWaitMs: ms(0, 3_600_000)
    .default(60_000)
    .describe(
      'Longest wait for a limit of GitHub; a longer one ends the sync of the repository, until it is over.',
    ),
  pageSize: count(1, 100).default(100).describe('Things asked for at a time.'),
  maxPages: count(1, 1_000)
    .default(20)
    .describe('Pages of one kind read of a repository in one sync; the next goes on.'),
  maxItems: count(1, 1_000_000)
    .default(5_000)
    .describe('Things of one kind read of a repository at its first sync; older ones are left out.'),
  maxDetails: count(0, 10_000)
    .default(50)
    .describe('Pull requests whose reviews and checks are read in one sync, the latest first.'),
  tasks: z
    .strictObject({
      label: z
        .string()
        .min(1)
        .max(50)
        .optional()
        .describe('Issues that carry it become tasks, which follow them; none do when absent.'),
      missing: z
        .enum(['drop', 'await'])
        .default('drop')
        .describe(
          'An issue depends on one that is not mirrored or has no label: `drop` that dependency, or `await` its task.',
        ),
    })
    .prefault({}),
  doneComment: z
    .boolean()
    .default(false)
    .describe('Comment on an issue when a worker has done its task; the token needs the right to write.'),
  doneLabel: z
    .string()
    .min(1)
    .max(50)
    .optional()
    .describe('Label given to an issue when a worker has done its task; see `doneComment`.'),
  keepDays: count(1, 3_650)
    .default(90)
    .describe(
      'How long a comment or label that was written or given up stays on record, from when it was wanted; longer while its issue has a task.',
    ),
  webhook: z
    .strictObject({
      port: count(0, 65_535)
        .optional()
        .describe(
          "Where GitHub's webhooks are taken (POST /github), 0: a free port; none when absent. The secret comes from VIGIL_GITHUB_WEBHOOK_SECRET.",
        ),
      host: z.string().min(1).default('127.0.0.1').describe('Address to listen on.'),
      maxBytes: count(1_024, 26_214_400).default(26_214_400).describe('Largest delivery taken.'),
    })
    .prefault({}),
});
export type GitHubSettings = z.infer<typeof GitHubSettings>;
