export interface RestartLimits {
  readonly maxRestarts: number;
  readonly periodMs: number;
  readonly coolDownMs: number;
  readonly maxCoolDownMs: number;
  readonly jitter: number;
}

/** What may be done for an agent that does not respond. */
export type NextRestart =
  /** Now, when `at` has come. Monotonic milliseconds. */
  | { readonly action: 'restart'; readonly at: number; readonly attempt: number }
  | { readonly action: 'escalate'; readonly restarts: number };

/**
 * At most `maxRestarts` in a period; the first at once, each further one after a cool-down that doubles. Pure.
 *
 * @param history monotonic times of the agent's restarts, in any order.
 * @param random 0..1, the same for the same attempt; it lengthens the cool-down, never shortens it.
 */
export function nextRestart(
  limits: RestartLimits,
  history: readonly number[],
  now: number,
  random: number,
): NextRestart {
  const recent = history.filter((at) => now - at < limits.periodMs);
  if (recent.length >= limits.maxRestarts) return { action: 'escalate', restarts: recent.length };
  const attempt = recent.length + 1;
  if (recent.length === 0) return { action: 'restart', at: now, attempt };
  const coolDown = Math.min(limits.maxCoolDownMs, limits.coolDownMs * 2 ** (recent.length - 1));
  return { action: 'restart', at: Math.max(...recent) + coolDown * (1 + limits.jitter * random), attempt };
}
