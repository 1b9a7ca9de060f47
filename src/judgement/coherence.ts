import type { CoherenceReport, Profile } from '../messages/analysis.js';
import { type Conflicts, findConflicts } from './conflicts.js';
import { type Duplicates, findDuplicates } from './duplicates.js';
import { DEFAULT_THRESHOLDS, type Thresholds } from './thresholds.js';

/**
 * How well a fleet works together. Deterministic, and the same for any order of the profiles. No pair of agents is
 * compared unless a bucket or a file brought it together.
 *
 * Score, clamped to 0..1:
 *
 *     mean alignment - 0.2 x share not aligned - 0.3 x share needing steering
 *                    - 0.2 x share doing work that another does - 0.2 x share in a conflict over a file
 *
 * The first line is OmoiOS's. Its bonuses for phase diversity and load balance (up to +0.2) are left out: a fleet that
 * is stuck in six different phases is not more coherent for it. What it leaves out, work done twice and agents editing
 * the same files, is what coherence is about. Of a group of duplicates one is not superfluous, so n duplicates count
 * n - 1. An empty fleet has nothing incoherent: score 1, status `empty`.
 */
export function coherence(
  profiles: readonly Profile[],
  thresholds: Thresholds = DEFAULT_THRESHOLDS,
): CoherenceReport {
  const sorted = [...profiles].sort((a, b) => (a.agent < b.agent ? -1 : a.agent > b.agent ? 1 : 0));
  const duplicates = findDuplicates(sorted, thresholds);
  const conflicts = findConflicts(sorted, thresholds);
  const alignment = alignmentOf(sorted);
  const score = scoreOf(sorted.length, alignment, duplicates, conflicts);
  return {
    coherenceScore: score,
    status: statusOf(sorted.length, score, thresholds),
    agents: sorted.length,
    duplicates,
    conflicts,
    alignment,
    phases: countBy(sorted.map(({ phase }) => phase)),
    recommendations: recommendations(sorted, duplicates, conflicts),
  };
}

function alignmentOf(profiles: readonly Profile[]): CoherenceReport['alignment'] {
  const scores = profiles.map(({ alignmentScore }) => alignmentScore).sort((a, b) => a - b);
  // Summed in order of size, so that the rounding does not depend on who comes first.
  const sum = scores.reduce((total, score) => total + score, 0);
  return {
    mean: scores.length === 0 ? 1 : round(Math.min(1, sum / scores.length)),
    min: scores[0] ?? 1,
    notAligned: profiles.filter(({ aligned }) => !aligned).length,
    needSteering: profiles.filter(({ needsSteering }) => needsSteering).length,
  };
}

function scoreOf(
  agents: number,
  alignment: CoherenceReport['alignment'],
  duplicates: Duplicates,
  conflicts: Conflicts,
): number {
  if (agents === 0) return 1;
  const superfluous = duplicates.reduce((total, group) => total + group.agents.length - 1, 0);
  const inConflict = new Set(conflicts.flatMap((conflict) => conflict.agents)).size;
  const score =
    alignment.mean -
    (0.2 * alignment.notAligned + 0.3 * alignment.needSteering + 0.2 * superfluous + 0.2 * inConflict) /
      agents;
  return round(Math.min(1, Math.max(0, score)));
}

function statusOf(agents: number, score: number, thresholds: Thresholds): CoherenceReport['status'] {
  if (agents === 0) return 'empty';
  if (score >= thresholds.coherentAt) return 'coherent';
  return score >= thresholds.strainedAt ? 'strained' : 'incoherent';
}

/** Sentences for a person, most urgent first; at most a dozen. */
function recommendations(
  profiles: readonly Profile[],
  duplicates: Duplicates,
  conflicts: Conflicts,
): string[] {
  const said: string[] = [];
  const byType = new Map<string, string[]>();
  for (const { steeringType, agent } of profiles) {
    if (steeringType === undefined) continue;
    const agents = byType.get(steeringType);
    if (agents === undefined) byType.set(steeringType, [agent]);
    else agents.push(agent);
  }
  const stuck = profiles.filter(({ needsSteering }) => needsSteering).length;
  if (profiles.length >= 4 && stuck * 2 > profiles.length) {
    said.push(`${stuck} of ${profiles.length} agents need help at once: look for a common cause first.`);
  }
  for (const [type, sentence] of Object.entries(ADVICE)) {
    const agents = byType.get(type);
    if (agents !== undefined) said.push(`${names(agents)} ${sentence[agents.length === 1 ? 0 : 1]}`);
  }
  for (const { agents, files } of conflicts.slice(0, 3)) {
    said.push(
      `${names(agents)} edit the same ${files.length === 1 ? 'file' : 'files'}: ${names(files)}. Let one go first.`,
    );
  }
  for (const { agents, evidence } of duplicates.slice(0, 3)) {
    said.push(`${names(agents)} do the same work (${evidence}). Keep one.`);
  }
  return said.slice(0, 12);
}

const ADVICE: Readonly<Record<string, readonly [one: string, many: string]>> = {
  waiting: ['waits for an answer.', 'wait for an answer.'],
  constraint: [
    'broke an instruction: review its last steps.',
    'broke an instruction: review their last steps.',
  ],
  loop: ['repeats itself: steer it or stop it.', 'repeat themselves: steer or stop them.'],
  errors: ['keeps failing: look at its last error.', 'keep failing: look at their last errors.'],
  drift: ['has left its goal: remind it.', 'have left their goals: remind them.'],
  stall: [
    'has fallen silent: check whether it still runs.',
    'have fallen silent: check whether they still run.',
  ],
  budget: ['is over its budget.', 'are over their budgets.'],
};

/** "a, b, c and 4 more". */
function names(items: readonly string[]): string {
  const shown = items.slice(0, 3);
  const more = items.length - shown.length;
  if (more > 0) return `${shown.join(', ')} and ${more} more`;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}

function countBy(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of [...values].sort()) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
