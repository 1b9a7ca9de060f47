import type { AgentRecord } from '../messages/agents.js';
import type { Trend } from '../messages/history.js';
import type { Intervention } from '../messages/interventions.js';
import type { Client } from './client.js';

const TIMEOUT_MS = 10_000;
/** Agents of one page: their records stay below the broker's largest message. */
const PAGE = 500;
const MAX_PENDING = 200;

/** All agents on record, or those of a state. */
export async function everyone(client: Client, state?: 'active' | 'inactive'): Promise<AgentRecord[]> {
  return allPages((after) => client.request('agents.list', { after, state, limit: PAGE }, TIMEOUT_MS));
}

/** What was judged of the active agents lately. */
export async function trends(client: Client, points: number): Promise<Trend[]> {
  return allPages((after) => client.request('history.fleet', { points, after, limit: PAGE }, TIMEOUT_MS));
}

async function allPages<T>(
  read: (
    after: string | undefined,
  ) => Promise<{ readonly agents: readonly T[]; readonly next: string | null }>,
): Promise<T[]> {
  const all: T[] = [];
  for (let after: string | null | undefined; after !== null; ) {
    const page: Awaited<ReturnType<typeof read>> = await read(after);
    all.push(...page.agents);
    after = page.next;
  }
  return all;
}

/** The goals that were found in the agents' logs. */
export function goalsOf(judged: readonly Trend[]): ReadonlyMap<string, string> {
  return new Map(judged.map(({ agent, goal }) => [agent, goal]));
}

/** That of one agent; empty before its first verdict. */
export async function goalOf(client: Client, agent: string): Promise<string> {
  const { latest } = await client.request('history.agent', { agent, points: 1 }, TIMEOUT_MS);
  return latest?.verdict.goal ?? '';
}

/** The interventions that wait for a person, the newest first. */
export async function decisions(client: Client): Promise<Intervention[]> {
  const query = { state: 'pending', limit: MAX_PENDING };
  return (await client.request('interventions.list', query, TIMEOUT_MS)).interventions;
}
