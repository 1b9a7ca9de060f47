import type { AgentRecord } from '../messages/agents.js';

/** What it is told from how much an agent needs a person. */
export interface Standing extends Pick<AgentRecord, 'id' | 'lastAnalysis'> {
  readonly status: Pick<AgentRecord['status'], 'state' | 'since'> & { readonly unseen?: boolean };
  readonly level: AgentRecord['health']['level'];
  readonly escalated: boolean;
}

/** Who is shown together: waits for a person, is in trouble, works, does nothing, has ended. */
export type Group = 'you' | 'trouble' | 'running' | 'quiet' | 'finished';

const BY_STATE: Readonly<Record<AgentRecord['status']['state'], number>> = {
  waiting_permission: 0,
  waiting_input: 0,
  crashed: 3,
  stuck: 4,
  running: 7,
  unknown: 8,
  idle: 9,
  finished: 10,
};

/** Its work is done, and nobody has looked at it. */
const UNSEEN = 6.5;

/**
 * The smaller, the sooner a person has to look: who waits for one comes before all others.
 *
 * @param decisions interventions that wait for a person's decision.
 */
export function urgency(agent: Standing, decisions: number): number {
  const byState = BY_STATE[agent.status.state];
  if (byState === 0) return 0;
  if (decisions > 0) return 1;
  if (agent.escalated) return 2;
  // A session that has ended needs nobody, whatever its last verdict was.
  if (agent.status.state === 'finished') return agent.status.unseen === true ? UNSEEN : byState;
  if (agent.lastAnalysis?.needsSteering === true || agent.level === 'unresponsive')
    return Math.min(byState, 5);
  if (agent.level === 'degraded') return Math.min(byState, 6);
  return byState;
}

export function groupOf(agent: Standing, decisions: number): Group {
  const rank = urgency(agent, decisions);
  if (rank <= 2) return 'you';
  if (rank <= 6) return 'trouble';
  if (agent.status.state === 'running') return 'running';
  return agent.status.state === 'finished' ? 'finished' : 'quiet';
}

/** Order of agents: who needs a person first, of equals who has been so for longest. */
export function byUrgency(a: Standing & { readonly urgency: number }, b: typeof a): number {
  return (
    a.urgency - b.urgency ||
    (a.status.since < b.status.since ? -1 : a.status.since > b.status.since ? 1 : a.id < b.id ? -1 : 1)
  );
}
