import Table from 'cli-table3';
import { costText, tokensText } from '../cost/spend-text.js';
import { byUrgency, urgency } from '../health/urgency.js';
import type { AgentRecord } from '../messages/agents.js';
import type { AgentStatusName } from '../messages/health.js';
import type { Intervention } from '../messages/interventions.js';
import { cut, NO_BORDERS } from './render.js';
import { pc, terminalWidth } from './terminal.js';

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

const GAP = 2;
const MIN_GOAL = 12;

interface Column {
  readonly head: string;
  readonly width: number;
  /** The higher goes first where the terminal is narrow. */
  readonly spare: number;
  of(agent: AgentRecord, now: number): string;
}

const COLUMNS: readonly Column[] = [
  { head: 'AGENT', width: 24, spare: 0, of: ({ id }) => cut(id, 24) },
  { head: 'STATUS', width: 18, spare: 0, of: ({ status }) => COLOURS[status.state](statusText(status)) },
  { head: 'FOR', width: 4, spare: 0, of: ({ status }, now) => span(now - Date.parse(status.since)) },
  { head: 'BY', width: 9, spare: 3, of: ({ status }) => status.source ?? '-' },
  { head: 'REPOSITORY', width: 28, spare: 2, of: ({ place }) => repositoryText(place, 28) },
  { head: 'TOKENS', width: 7, spare: 1, of: ({ spend }) => tokensText(spend.tokens) },
  { head: 'COST', width: 8, spare: 2, of: ({ spend }) => costText(spend) },
  { head: 'HEARTBEAT', width: 16, spare: 4, of: heartbeatOf },
  { head: 'VERDICT', width: 10, spare: 0, of: verdictOf },
  { head: 'HOST', width: 20, spare: 5, of: ({ host }) => cut(host ?? 'unplaced', 20) },
];

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

/**
 * One row an agent: status, since when, on what it rests, where it works, what it used, verdict, goal.
 *
 * @param found the goals of those that were given none.
 */
export function agentTable(
  agents: readonly AgentRecord[],
  found: ReadonlyMap<string, string>,
  now: number,
  width = terminalWidth(),
): string {
  const columns = fitting(width);
  const table = new Table({
    head: [...columns.map(({ head }) => head), 'GOAL'],
    chars: NO_BORDERS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  const goalWidth = Math.max(MIN_GOAL, width - widthOf(columns));
  for (const agent of agents) {
    const goal = agent.goal ?? found.get(agent.id) ?? '';
    table.push([...columns.map((column) => column.of(agent, now)), pc.dim(cut(goal, goalWidth))]);
  }
  return table.toString();
}

/** Those that have their place besides the goal; what can be spared goes where they have not. */
function fitting(width: number): readonly Column[] {
  let columns = COLUMNS;
  for (let spare = 5; spare > 0 && widthOf(columns) + MIN_GOAL > width; spare--)
    columns = columns.filter((column) => column.spare !== spare);
  return columns;
}

function widthOf(columns: readonly Column[]): number {
  return columns.reduce((sum, column) => sum + column.width + GAP, 0);
}

/** An end that nobody has acknowledged is told apart. */
export function statusText({ state, unseen }: AgentRecord['status']): string {
  return unseen ? `${state}, unseen` : state;
}

function verdictOf({ lastAnalysis }: AgentRecord): string {
  return lastAnalysis === null ? '-' : (lastAnalysis.steeringType ?? lastAnalysis.alignmentScore.toFixed(2));
}

/** `owner/name branch`. */
export function repositoryText(place: AgentRecord['place'], width: number): string {
  if (place === null) return '-';
  const { repository, branch, folder } = place;
  if (repository === null) return cut(folder, width);
  return cut(branch === null ? repository : `${repository} ${branch}`, width);
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
