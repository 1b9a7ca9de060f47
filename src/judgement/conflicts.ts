import type { CoherenceReport, Profile } from '../messages/analysis.js';
import { similarity } from './minhash.js';
import type { Thresholds } from './thresholds.js';

export type Conflicts = CoherenceReport['conflicts'];

const MAX_CONFLICTS = 200;
const MAX_FILES = 20;
/** Workspaces kept apart for one relative path. */
const MAX_WORKSPACES = 16;

/** Roots that every sandbox has: an equal path below them is no more the same file than an equal relative path is. */
const SANDBOX_ROOT = /^\/(?:testbed|workspace|workspaces|repo|app|code|src|root|tmp|home\/user)(?:\/|$)/i;

/**
 * Files that several unfinished agents edited, grouped by those agents. An absolute path is a file; a relative one (or
 * one inside a sandbox) is the same file only for agents whose work is alike, because "main.py" exists in every
 * workspace. `profiles` must be sorted by agent.
 */
export function findConflicts(profiles: readonly Profile[], thresholds: Thresholds): Conflicts {
  const byAgents = new Map<string, { agents: string[]; files: string[] }>();
  for (const [file, editors] of editorsByFile(profiles)) {
    for (const group of isShared(file) ? [editors] : sameWorkspace(editors, thresholds)) {
      if (group.length < 2) continue;
      const agents = group.map(({ agent }) => agent);
      const key = agents.join(' ');
      const conflict = byAgents.get(key) ?? { agents, files: [] };
      conflict.files.push(file);
      byAgents.set(key, conflict);
    }
  }
  return [...byAgents.values()]
    .map(({ agents, files }) => ({ agents, files: files.sort().slice(0, MAX_FILES) }))
    .sort((a, b) => compare(a.agents.join(' '), b.agents.join(' ')))
    .slice(0, MAX_CONFLICTS);
}

function editorsByFile(profiles: readonly Profile[]): ReadonlyMap<string, Profile[]> {
  const editors = new Map<string, Profile[]>();
  for (const profile of profiles) {
    if (profile.finished) continue;
    for (const file of new Set(profile.edited.map(tidy))) {
      const known = editors.get(file);
      if (known === undefined) editors.set(file, [profile]);
      else known.push(profile);
    }
  }
  return editors;
}

function tidy(path: string): string {
  return path.replace(/\\/g, '/').replace(/^\.\//, '');
}

function isShared(file: string): boolean {
  return /^(?:\/|[A-Za-z]:\/)/.test(file) && !SANDBOX_ROOT.test(file);
}

/** Editors of one relative path, put together when their signatures are alike. */
function sameWorkspace(editors: readonly Profile[], thresholds: Thresholds): readonly (readonly Profile[])[] {
  const groups: Profile[][] = [];
  for (const profile of editors) {
    const group = groups.find(
      ([first]) =>
        first !== undefined &&
        similarity(first.signature, profile.signature) >= thresholds.sameWorkspaceSimilarity,
    );
    if (group !== undefined) group.push(profile);
    else if (groups.length < MAX_WORKSPACES) groups.push([profile]);
  }
  return groups;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
