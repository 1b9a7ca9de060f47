import type { AgentRecord } from '../messages/agents.js';
import type { AgentStatus } from '../messages/health.js';
import type { Trend } from '../messages/history.js';
import type { Intervention } from '../messages/interventions.js';
import type { FleetRow, VerdictLine } from './views.js';

const GOAL_CHARS = 160;
/** Scores kept of an agent. */
export const TREND_POINTS = 24;

/** An agent as lists show it: its record joined with what was judged of it lately. */
export function fleetRow(record: AgentRecord, trend: Trend | undefined): FleetRow {
  const { id, host, label, status, lastAnalysis, goal, health, place, spend } = record;
  return {
    id,
    host,
    label,
    status,
    lastAnalysis,
    place,
    spend,
    goal: (goal ?? trend?.goal ?? '').slice(0, GOAL_CHARS),
    paused: health.paused,
    escalated: health.escalated,
    level: health.level,
    summary: trend?.summary ?? '',
    trend: (trend?.scores ?? []).map(hundredths),
    lastAction: trend?.lastAction,
    format: trend?.format,
    usage: trend?.usage,
    restarts: trend?.restarts ?? 0,
  };
}

/**
 * The row after an event.
 *
 * @param subject the event's, without the prefix.
 * @param body as `feedEvent` makes it.
 */
export function changedRow(row: FleetRow, subject: string, body: Record<string, unknown>): FleetRow {
  const [, what, , last] = subject.split('.');
  if (what === 'analysis') return judgedRow(row, body as unknown as VerdictLine);
  if (what === 'restart') return { ...row, restarts: row.restarts + 1 };
  if (last === 'health') return { ...row, level: body['level'] as FleetRow['level'] };
  if (last === 'escalated') return { ...row, escalated: true };
  if (body['status'] !== undefined) return statedRow(row, body['status'] as AgentStatus);
  return row;
}

/** Who has ended needs nothing any more, whatever its last verdict was. */
function statedRow(row: FleetRow, status: AgentStatus): FleetRow {
  // One that fell silent is lost, and may come back.
  const ended = status.source === 'process' && row.level !== 'unresponsive';
  if (row.lastAnalysis === null || !ended) return { ...row, status };
  const { steeringType, ...rest } = row.lastAnalysis;
  return { ...row, status, lastAnalysis: { ...rest, needsSteering: false } };
}

function judgedRow(row: FleetRow, line: VerdictLine): FleetRow {
  const { at, phase, alignmentScore, needsSteering, steeringType, summary } = line;
  return {
    ...row,
    summary,
    lastAnalysis: {
      at,
      phase,
      alignmentScore,
      needsSteering,
      ...(needsSteering && steeringType && { steeringType }),
    },
    trend: [...row.trend, hundredths(alignmentScore)].slice(-TREND_POINTS),
    lastAction: line.lastAction ?? row.lastAction,
    format: line.format ?? row.format,
    usage: line.usage ?? row.usage,
  };
}

/** Interventions that wait for a decision, after one took a step. */
export function pendingAfter(open: readonly Intervention[], told: Intervention): readonly Intervention[] {
  const others = open.filter(({ id }) => id !== told.id);
  return told.state === 'pending' ? [told, ...others] : others.length === open.length ? open : others;
}

function hundredths(score: number): number {
  return Math.round(score * 100);
}
