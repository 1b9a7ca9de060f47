import Table from 'cli-table3';
import pc from 'picocolors';
import { byUrgency, urgency } from '../health/urgency.js';
import type { AgentRecord } from '../messages/agents.js';
import type { AgentStatusName } from '../messages/health.js';
import type { Intervention } from '../messages/interventions.js';
import { cut, NO_BORDERS } from './render.js';

const COLOURS: Readonly<Record<AgentStatusName, (text: string) => string>> = {
  crashed: pc.red,
  waiting_permission: pc.magenta,
  waiting_input: pc.magenta,
  stuck: pc.red,
  unknown: pc.yellow,
  running: pc.green,
  idle: pc.dim,
  finished: pc.cyan,
};

const DEFAULT_WIDTH = 200;
const ID_WIDTH = 24;
const HOST_WIDTH = 20;
/** All columns but the goal, with the space between them. */
const FIXED = ID_WIDTH + 18 + 8 + 12 + 22 + 12 + HOST_WIDTH + 7 * 2;

/** Those that need a person first. @param pending interventions that wait for a decision. */
export function byNeed(agents: readonly AgentRecord[], pending: readonly Intervention[]): AgentRecord[] {
  const decisions = new Map<string, number>();
  for (const { agent } of pending) decisions.set(agent, (decisions.get(agent) ?? 0) + 1);
  return agents
    .map((record) => {
      const { id, status, lastAnalysis, health } = record;
      const standing = { id, status, lastAnalysis, level: health.level, escalated: health.escalated };
      return { record, ...standing, urgency: urgency(standing, decisions.get(id) ?? 0) };
    })
    .sort(byUrgency)
    .map(({ record }) => record);
}

/** One row an agent: status, since when, on what it rests, heartbeat, verdict, host, goal. */
export function agentTable(
  agents: readonly AgentRecord[],
  now: number,
  width = process.stdout.columns ?? DEFAULT_WIDTH,
): string {
  const table = new Table({
    head: ['AGENT', 'STATUS', 'FOR', 'BY', 'HEARTBEAT', 'VERDICT', 'HOST', 'GOAL'],
    chars: NO_BORDERS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  const goalWidth = Math.max(12, width - FIXED);
  for (const agent of agents) {
    const { id, status, lastAnalysis, host, goal = '' } = agent;
    table.push([
      cut(id, ID_WIDTH),
      COLOURS[status.state](status.state),
      span(now - Date.parse(status.since)),
      status.source ?? '-',
      heartbeatOf(agent),
      lastAnalysis === null ? '-' : (lastAnalysis.steeringType ?? lastAnalysis.alignmentScore.toFixed(2)),
      cut(host ?? 'unplaced', HOST_WIDTH),
      pc.dim(cut(goal, goalWidth)),
    ]);
  }
  return table.toString();
}

function heartbeatOf({ health }: AgentRecord): string {
  const { level, missed, paused, escalated } = health;
  if (escalated) return pc.red('given up');
  if (paused) return pc.dim('maintenance');
  if (level === 'unwatched') return '-';
  if (level === 'ok') return 'ok';
  const text = `${level} (${missed})`;
  return level === 'unresponsive' ? pc.red(text) : pc.yellow(text);
}

/** A time to read at a glance: 42s, 5m, 3h, 2d. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}
