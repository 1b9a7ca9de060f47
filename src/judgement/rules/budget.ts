import { evidence, type Rule } from './rule.js';

/**
 * More tokens or money spent than the agent was given. Only against a given budget: spend alone says nothing (a breaker
 * that judged by spend fired twelve times elsewhere, all twelve false).
 */
export const budget: Rule = {
  name: 'budget',
  type: 'budget',
  check(view) {
    const { assignment, tokens, eventCount } = view.trajectory;
    const limit = assignment.budget ?? {};
    const spent = tokens.input + tokens.output + (tokens.cacheWrite ?? 0);
    const overTokens = limit.tokens !== undefined && spent > limit.tokens;
    const overCost = limit.cost !== undefined && (tokens.cost ?? 0) > limit.cost;
    if (eventCount === 0 || (!overTokens && !overCost)) return undefined;
    const ratio = overCost ? (tokens.cost ?? 0) / (limit.cost || 1) : spent / (limit.tokens || 1);
    return evidence(this, {
      events: [eventCount - 1],
      count: 1,
      detail: overCost
        ? `spent $${(tokens.cost ?? 0).toFixed(2)} of $${(limit.cost ?? 0).toFixed(2)}`
        : `used ${spent} of ${limit.tokens} tokens`,
      severity: Math.min(1, 0.7 + 0.3 * Math.max(0, ratio - 1)),
    });
  },
};
