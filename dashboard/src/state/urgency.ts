import type { FleetRow } from '../../../src/http/views';

/** Who is shown together: waits for a person, is in trouble, works, does nothing, has ended. */
export type Group = 'you' | 'trouble' | 'running' | 'quiet' | 'finished';

const BY_STATE: Readonly<Record<FleetRow['status']['state'], number>> = {
  waiting_permission: 0,
  waiting_input: 0,
  crashed: 3,
  stuck: 4,
  running: 7,
  unknown: 8,
  idle: 9,
  finished: 10,
};

/** The smaller, the sooner a person has to look: who waits for one comes before all others. */
export function urgency(row: FleetRow, decisions: number): number {
  const byState = BY_STATE[row.status.state];
  if (byState === 0) return 0;
  if (decisions > 0) return 1;
  if (row.escalated) return 2;
  // A session that has ended needs nobody, whatever its last verdict was.
  if (row.status.state === 'finished') return byState;
  if (row.lastAnalysis?.needsSteering === true || row.level === 'unresponsive') return Math.min(byState, 5);
  if (row.level === 'degraded') return Math.min(byState, 6);
  return byState;
}

export function groupOf(row: FleetRow, decisions: number): Group {
  const rank = urgency(row, decisions);
  if (rank <= 2) return 'you';
  if (rank <= 6) return 'trouble';
  if (row.status.state === 'running') return 'running';
  return row.status.state === 'finished' ? 'finished' : 'quiet';
}
