import type { Profile, TrajectoryAnalysis } from '../messages/analysis.js';

/**
 * A verdict on the log of a process that has ended: what the log showed stays, but nobody is there who could be told
 * anything, or who waits. Pure.
 */
export function afterEnd(analysis: TrajectoryAnalysis): TrajectoryAnalysis {
  const { recommendation, waitsFor, ...rest } = analysis;
  return { ...rest, needsSteering: false };
}

/** The same for what the conductor compares. */
export function profileAfterEnd({ steeringType, ...rest }: Profile): Profile {
  return { ...rest, needsSteering: false };
}
