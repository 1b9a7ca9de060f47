import Table from 'cli-table3';
import pc from 'picocolors';
import type { AgentRecord } from '../messages/agents.js';
import type { AgentStatusName } from '../messages/health.js';
import { cut, NO_BORDERS } from './render.js';

/** How much an agent needs a person, the most first. */
const RANKS: Readonly<Record<AgentStatusName, number>> = {
  crashed: 0,
  waiting_permission: 1,
  waiting_input: 1,
  stuck: 2,
  unknown: 4,
  running: 5,
  idle: 6,
  finished: 7,
};
const STEERING_RANK = 3;

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

/** Those that need a person first, then by id. */
export function byNeed(agents: readonly AgentRecord[]): AgentRecord[] {
  return [...agents].sort((a, b) => rankOf(a) - rankOf(b) || (a.id < b.id ? -1 : 1));
}

function rankOf({ health, status, lastAnalysis }: AgentRecord): number {
  if (health.escalated) return 0;
  const silent = health.level === 'unresponsive' ? RANKS.stuck : Number.POSITIVE_INFINITY;
  const steering = lastAnalysis?.needsSteering === true ? STEERING_RANK : Number.POSITIVE_INFINITY;
  return Math.min(RANKS[status.state], silent, steering);
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
