import type { Evidence, SteeringType } from '../messages/analysis.js';
import { displayGoal } from './goal.js';
import type { Trajectory } from './trajectory.js';

/**
 * What to tell an agent, in one or two sentences. Says what was seen (the evidence's own words) and one way out of it.
 */
export function recommend(
  type: SteeringType,
  evidence: Evidence | undefined,
  trajectory: Trajectory,
): string {
  const seen = evidence === undefined ? '' : sentence(evidence.detail);
  const goal = displayGoal(trajectory.context.goal);
  switch (type) {
    case 'loop':
      return `${seen} Doing it again will not change the outcome: read the last output, say what it rules out, and try something different or report what blocks you.`;
    case 'errors':
      return `${seen} ${wayOut(evidence?.rule)}`;
    case 'drift':
      return `${seen} Return to the goal${goal === '' ? '' : `: "${goal}"`}, or say why this detour is needed.`;
    case 'constraint':
      return `${seen} Undo it, and keep to the instruction from here on.`;
    case 'stall':
      return `${seen} Check whether the process still runs; ask the agent for its state or restart it.`;
    case 'budget':
      return `${seen} Finish with what there is, or raise the budget.`;
    case 'waiting':
      return `${seen} Answer it, or tell the agent to decide by itself.`;
  }
}

/** The way out of failures, by the rule that saw them. */
function wayOut(rule: string | undefined): string {
  switch (rule) {
    case 'gave-up':
      return 'Check what is done and what is left, then continue from there with a narrower next step.';
    case 'premature-success':
      return 'See that check pass before calling it done, or say plainly what does not work.';
    case 'same-failure':
      return 'What was changed since makes no difference to it: find out first why it fails.';
    default:
      return 'Stop and find the cause of the last error before the next attempt.';
  }
}

function sentence(detail: string): string {
  const text = detail.charAt(0).toUpperCase() + detail.slice(1);
  return /[.!?…]["']?$/.test(text) ? text : `${text}.`;
}
