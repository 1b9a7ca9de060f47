import type { Profile, TrajectoryAnalysis } from '../messages/analysis.js';
import { displayGoal } from './goal.js';
import { hash32, mix32 } from './hash.js';
import { minHash } from './minhash.js';
import type { Trajectory } from './trajectory.js';
import { contentWords, identifiers } from './words.js';

/** An identifier in a goal (a ticket, a file) tells tasks apart better than a word does, and weighs this many words. */
const IDENTIFIER_WEIGHT = 4;
const FILE_WEIGHT = 2;
const MAX_COMMANDS = 24;

/** What the conductor needs to know of an agent to compare it with the others. */
export function profile(trajectory: Trajectory, analysis: TrajectoryAnalysis): Profile {
  const result: Profile = {
    agent: trajectory.agent,
    phase: analysis.phase,
    alignmentScore: analysis.alignmentScore,
    aligned: analysis.aligned,
    needsSteering: analysis.needsSteering,
    goal: displayGoal(trajectory.context.goal),
    signature: minHash(features(trajectory)),
    edited: [...trajectory.edited],
    finished: analysis.phase === 'finished',
  };
  if (analysis.steeringType !== undefined) result.steeringType = analysis.steeringType;
  return result;
}

/** Goal words and identifiers, names of edited files, and what the latest commands and edits were about. */
function features(trajectory: Trajectory): ReadonlySet<number> {
  const found = new Set<number>();
  const { goal } = trajectory.context;
  for (const word of contentWords(goal)) found.add(hash32(`word ${word}`));
  for (const identifier of identifiers(goal)) weigh(found, `id ${identifier}`, IDENTIFIER_WEIGHT);
  for (const path of trajectory.edited) weigh(found, `file ${baseName(path)}`, FILE_WEIGHT);
  const commands = trajectory.steps.filter((step) => step.kind === 'call' && step.action === 'run');
  for (const { label } of commands.slice(-MAX_COMMANDS)) found.add(hash32(`run ${label.slice(0, 60)}`));
  return found;
}

function weigh(found: Set<number>, feature: string, weight: number): void {
  const hash = hash32(feature);
  for (let copy = 0; copy < weight; copy++) found.add(mix32(hash + copy));
}

function baseName(path: string): string {
  return path.split(/[\\/]/).at(-1)?.toLowerCase() ?? path;
}
