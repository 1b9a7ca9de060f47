import type { Step } from '../step.js';
import { stands } from '../view.js';
import { evidence, excess, type Rule } from './rule.js';

/** New log lines between two occurrences that a retry may bring; more is a program that goes on working. */
const NEWS_OF_A_RETRY = 5;

/**
 * The same error outside of any tool call four times, with hardly anything new in the log between them: the harness, the
 * model's endpoint or the sandbox fails and is tried again and again. Texts are compared with times, ids and attempt
 * numbers left out (own rule; plain text logs show little else).
 */
export const repeatedError: Rule = {
  name: 'repeated-error',
  type: 'errors',
  check(view, thresholds) {
    const runs = new Map<string, Step[]>();
    let latest: readonly Step[] = [];
    for (const step of view.trajectory.steps) {
      if (step.kind !== 'error') continue;
      const run = runs.get(step.key) ?? [];
      const previous = run.at(-1);
      if (previous !== undefined && isNews(previous, step)) run.length = 0;
      run.push(step);
      runs.set(step.key, run);
      if (run.length >= thresholds.repeatedError && saysMore(run, latest)) latest = [...run];
    }
    const last = latest.at(-1);
    if (last === undefined || !stands(view, last, thresholds)) return undefined;
    return evidence(this, {
      events: latest.map((step) => step.index),
      count: latest.length,
      detail: `the same error ${latest.length} times: "${last.label}"`,
      severity: excess(latest.length, thresholds.repeatedError),
    });
  },
};

/** Of several errors that repeat side by side, the one with the longest text explains most. */
function saysMore(run: readonly Step[], other: readonly Step[]): boolean {
  return (run.at(-1)?.label.length ?? 0) >= (other.at(-1)?.label.length ?? 0);
}

function isNews(previous: Step, step: Step): boolean {
  return step.turn !== previous.turn || step.novelty - previous.novelty > NEWS_OF_A_RETRY;
}
