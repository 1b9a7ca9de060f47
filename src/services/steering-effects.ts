import type { TrajectoryAnalysis } from '../messages/analysis.js';
import type { Effect } from '../messages/interventions.js';
import type { Subjects } from '../messages/subjects.js';
import type { Unseen } from '../store/interventions.js';
import type { Store } from '../store/store.js';

/** Events that an agent has under way when it is told something; what comes behind them is its answer. */
const UNDER_WAY = 2;
/** A score that moves less than this has not moved. */
const MOVED = 0.05;

/** Notes whether what an agent was told has helped, by the first verdict on what it did since. Inside a transaction. */
export function noteEffects(
  store: Store,
  subjects: Subjects,
  analysis: TrajectoryAnalysis,
  now: number,
): void {
  const { agent, eventCount, alignmentScore: after } = analysis;
  const at = new Date(now).toISOString();
  for (const unseen of store.interventions.unseen(agent, eventCount, UNDER_WAY)) {
    const effect: Effect = { at, outcome: outcomeOf(unseen, analysis), before: unseen.before, after };
    const seen = store.interventions.noteEffect(unseen.id, effect);
    if (seen !== undefined) store.outbox.add(`${unseen.id}.effect`, subjects.interventionEvent(agent), seen);
  }
}

function outcomeOf({ type, before }: Unseen, analysis: TrajectoryAnalysis): Effect['outcome'] {
  const moved = analysis.alignmentScore - before;
  if (moved <= -MOVED) return 'worse';
  const gone = type === 'manual' ? moved >= MOVED : analysis.steeringType !== type;
  return gone ? 'helped' : 'unchanged';
}
