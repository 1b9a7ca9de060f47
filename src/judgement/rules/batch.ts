import type { Step } from '../step.js';

/** Calls made within this time of each other were sent together: no model answers that fast in between. */
const BATCH_MS = 2000;

/** Whether a failed call was sent together with one that failed before it: clients then fail all for one reason. */
export function sentTogether(previous: Step | undefined, call: Step): boolean {
  if (previous?.failed !== true || previous.at === null || call.at === null) return false;
  return call.at - previous.at < BATCH_MS && previous.action === call.action;
}
