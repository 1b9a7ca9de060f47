import { gapQuantile } from '../rhythm.js';
import type { Thresholds } from '../thresholds.js';
import type { View } from '../view.js';
import { evidence, type Rule } from './rule.js';

/**
 * Nothing new for six times the agent's own long gap (95th percentile), never before five minutes; a tool call that runs
 * has 45 minutes, or three times the longest gap it ever had. Only of an agent that is watched as it runs and owes the
 * next step: one that has ended, finished its turn, was interrupted or waits for a person does not stall.
 */
export const stall: Rule = {
  name: 'stall',
  type: 'stall',
  check(view, thresholds) {
    const { lastAt, eventCount } = view.trajectory;
    if (!view.live || view.now === null || lastAt === null || !owesNextStep(view)) return undefined;
    const silence = view.now - lastAt;
    const limit = silenceLimit(view, thresholds);
    if (silence < limit) return undefined;
    const doing = view.open === undefined ? '' : ` while "${view.open.label}" runs`;
    return evidence(this, {
      events: [eventCount - 1],
      count: 1,
      detail: `silent for ${describe(silence)}${doing}; its own rhythm allows ${describe(limit)}`,
      severity: Math.min(1, 0.5 + 0.25 * (silence / limit - 1)),
    });
  },
};

function owesNextStep(view: View): boolean {
  const { context, last } = view.trajectory;
  if (context.ended !== undefined || context.interrupted) return false;
  if (view.open?.action === 'ask' || view.open?.action === 'finish') return false;
  return last !== 'none' && last !== 'message';
}

function silenceLimit(view: View, thresholds: Thresholds): number {
  const { rhythm } = view.trajectory;
  const usual = (gapQuantile(rhythm, 0.95) ?? 0) * thresholds.stallFactor;
  const limit = Math.max(thresholds.stallFloorMs, usual);
  // Plain lines and nothing else: some program sets things up, and may take as long as any call.
  if (view.open === undefined && view.trajectory.last !== 'other') return limit;
  return Math.max(limit, thresholds.openCallMs, (gapQuantile(rhythm, 1) ?? 0) * 3);
}

function describe(ms: number): string {
  return `${Math.round(ms / 60_000)} min`;
}
