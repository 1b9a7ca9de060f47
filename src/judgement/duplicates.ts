import type { CoherenceReport, Profile } from '../messages/analysis.js';
import { buckets } from './lsh.js';
import { similarity } from './minhash.js';
import type { Thresholds } from './thresholds.js';
import { createUnionFind } from './union-find.js';
import { identifiers } from './words.js';

export type Duplicates = CoherenceReport['duplicates'];

/** Members of a bucket that newcomers are compared with; keeps a bucket of thousands of equal agents linear. */
const REPRESENTATIVES = 8;
const MAX_GROUPS = 200;

/**
 * Groups of agents doing the same work, in order of their first agent. `profiles` must be sorted by agent. Similarity
 * is the least among the links that hold a group together.
 */
export function findDuplicates(profiles: readonly Profile[], thresholds: Thresholds): Duplicates {
  const links = findLinks(profiles, thresholds);
  const sets = createUnionFind(profiles.length);
  for (const { a, b } of links) sets.union(a, b);
  const groups = new Map<number, { members: Set<number>; least: number }>();
  for (const { a, b, alike } of links) {
    const root = sets.find(a);
    const group = groups.get(root) ?? { members: new Set(), least: 1 };
    group.members.add(a).add(b);
    group.least = Math.min(group.least, alike);
    groups.set(root, group);
  }
  return [...groups.entries()]
    .sort(([a], [b]) => a - b)
    .slice(0, MAX_GROUPS)
    .map(([, { members, least }]) =>
      describe(
        profiles,
        [...members].sort((a, b) => a - b),
        least,
      ),
    );
}

interface Link {
  readonly a: number;
  readonly b: number;
  readonly alike: number;
}

function findLinks(profiles: readonly Profile[], thresholds: Thresholds): readonly Link[] {
  const links = new Map<string, Link>();
  for (const bucket of buckets(profiles.map(({ signature }) => signature))) {
    const representatives: number[] = [];
    for (const b of bucket) {
      let linked = false;
      for (const a of representatives) {
        const alike = sameWork(profiles[a], profiles[b], thresholds);
        if (alike === undefined) continue;
        links.set(`${a} ${b}`, { a, b, alike });
        linked = true;
        break;
      }
      if (!linked && representatives.length < REPRESENTATIVES) representatives.push(b);
    }
  }
  return [...links.values()];
}

/** What a common ticket in both goals is worth: two agents on it may go about it in different ways. */
const SAME_TICKET = 0.25;

/** Estimated similarity of two agents that do the same work; undefined when they do not. */
function sameWork(
  a: Profile | undefined,
  b: Profile | undefined,
  thresholds: Thresholds,
): number | undefined {
  if (a === undefined || b === undefined) return undefined;
  const alike = similarity(a.signature, b.signature);
  const needed = thresholds.duplicateSimilarity - (sameTicket(a.goal, b.goal) ? SAME_TICKET : 0);
  if (alike < needed) return undefined;
  return differentSubjects(a.goal, b.goal) || differentFiles(a.edited, b.edited) ? undefined : alike;
}

/** Number of an issue or ticket: "1867", "APP-1200". */
const TICKET = /^(?:[a-z][a-z0-9]{0,9}-)?\d{2,7}$/;

/** Both goals name a ticket, and the same one. */
function sameTicket(a: string, b: string): boolean {
  const tickets = identifiers(a).filter((name) => TICKET.test(name));
  const others = identifiers(b).filter((name) => TICKET.test(name));
  return (
    tickets.length > 0 && tickets.length === others.length && tickets.every((name) => others.includes(name))
  );
}

/** One prompt template, two subjects: each goal names something that the other does not ("fix #12", "fix #13"). */
function differentSubjects(a: string, b: string): boolean {
  if (a === b) return false;
  const ofA = new Set(identifiers(a));
  const ofB = new Set(identifiers(b));
  return [...ofA].some((name) => !ofB.has(name)) && [...ofB].some((name) => !ofA.has(name));
}

/** Both have edited a few files and none in common. */
function differentFiles(a: readonly string[], b: readonly string[]): boolean {
  if (a.length < 3 || b.length < 3) return false;
  const names = new Set(a.map(lastSegments));
  return !b.some((path) => names.has(lastSegments(path)));
}

function lastSegments(path: string): string {
  return path.split(/[\\/]/).slice(-2).join('/');
}

function describe(
  profiles: readonly Profile[],
  members: readonly number[],
  least: number,
): Duplicates[number] {
  const group = members.flatMap((member) => profiles[member] ?? []);
  const goals = new Set(group.map(({ goal }) => goal));
  const goal = group[0]?.goal.slice(0, 100) ?? '';
  const evidence =
    goals.size === 1 ? `the same goal: "${goal}"` : `goals, files and commands alike: "${goal}"`;
  return { agents: group.map(({ agent }) => agent), similarity: least, evidence };
}
