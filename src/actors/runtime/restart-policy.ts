import { z } from 'zod';

/**
 * Restart intensity and backoff, as OTP supervisors have them: more than `maxRestarts` within `periodMs` and the
 * supervisor gives up instead of restarting for ever. Intensities multiply through levels (3 x 3 = 9), so keep them
 * small at the top.
 */
export const RestartPolicy = z.strictObject({
  maxRestarts: z.number().int().min(0).max(1_000).default(5),
  periodMs: z.number().int().min(1).default(60_000),
  /** Wait before the first restart in a period; doubles with each further one. */
  backoffMs: z.number().int().min(0).default(100),
  maxBackoffMs: z.number().int().min(0).default(10_000),
  /** Share of the wait that is random, so that many actors do not restart in step. */
  jitter: z.number().min(0).max(1).default(0.2),
});
export type RestartPolicy = z.infer<typeof RestartPolicy>;

export type Directive =
  | { readonly action: 'restart'; readonly delayMs: number }
  | { readonly action: 'escalate' };

/**
 * Decides what happens after a crash. Pure: `history` holds the monotonic times of earlier restarts and is not
 * changed; the caller keeps the returned one.
 *
 * @param random 0..1, for the jitter.
 */
export function decide(
  policy: RestartPolicy,
  history: readonly number[],
  now: number,
  random: number,
): { readonly directive: Directive; readonly history: number[] } {
  const recent = history.filter((at) => now - at < policy.periodMs);
  if (recent.length >= policy.maxRestarts) return { directive: { action: 'escalate' }, history: recent };
  const wait = Math.min(policy.maxBackoffMs, policy.backoffMs * 2 ** recent.length);
  const delayMs = wait * (1 - policy.jitter * random);
  return { directive: { action: 'restart', delayMs }, history: [...recent, now] };
}
