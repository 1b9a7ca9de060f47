/** How sessions say that they stopped before the work was done. */

const LIMIT_REACHED =
  /\b(?:reached|exceeded|exceeds|hit)\b.{0,40}\b(?:max(?:imum)?|limit)\b.{0,30}\b(?:iterations?|turns?|steps?|retries|attempts|cost|budget|time|tokens|context)\b|\bmax(?:imum)?\b.{0,30}\b(?:iterations?|turns?|steps?|retries|attempts)\b.{0,20}\b(?:reached|exceeded)\b|\bonly \d+ reflections allowed\b|\bagent got stuck in a loop\b/i;

/** Ends named by a reason other than the work being done: exit_cost, exit_context, max_turns, error, ... */
const WANT =
  /exit_(?:forfeit|total_execution_time|command_timeout|context|cost|api|environment_error|error|format)|\b(?:max|limit|limits?_?exceeded|stuck|crashed|failed|failure|error|timeout|timed_out)|(?:max|limit)_/i;

/** Whether an error says that the session ran out of steps, retries or context. */
export function meansGivingUp(text: string): boolean {
  return LIMIT_REACHED.test(text.slice(0, 1000));
}

/** Whether a session's own word on its end names a want or a failure. */
export function endedForWant(ended: string): boolean {
  return WANT.test(ended) || LIMIT_REACHED.test(ended);
}
