import { costText, tokensText } from '../../cost/spend-text.js';
import { repositoryText } from '../agent-table.js';
import { fitTo } from '../width.js';
import { since, sparkline } from './figures.js';
import type { Row } from './fleet.js';
import { type Span, type Style, span } from './line.js';

/** What a cell is made with beside its agent. */
export interface Around {
  /** Epoch milliseconds by the supervisor's clock. */
  readonly now: number;
  /** Nobody answers: what is shown is what was known last. */
  readonly isAway: boolean;
}

export type ColumnName =
  | 'mark'
  | 'agent'
  | 'state'
  | 'for'
  | 'phase'
  | 'align'
  | 'trend'
  | 'steering'
  | 'action'
  | 'tokens'
  | 'cost'
  | 'repository'
  | 'format'
  | 'restarts';

export interface Column {
  readonly name: ColumnName;
  readonly head: string;
  /** Cells it needs, and cells it can use. */
  readonly least: number;
  readonly most: number;
  /** The smaller, the later it is left out on a narrow terminal. */
  readonly rank: number;
  readonly side?: 'right';
  cell(row: Row, width: number, around: Around): Span;
  /** Order of its values; the most telling first. Columns that cannot be sorted by have none. */
  readonly order?: (a: Row, b: Row) => number;
}

/** A person reads them in eleven cells; the names are those of `vigil ls`. */
const STATES: Readonly<Record<Row['status']['state'], { readonly text: string; readonly style: Style }>> = {
  waiting_permission: { text: 'waits: ok?', style: 'magenta' },
  waiting_input: { text: 'waits: you', style: 'magenta' },
  crashed: { text: 'crashed', style: 'red' },
  stuck: { text: 'stuck', style: 'red' },
  running: { text: 'running', style: 'green' },
  unknown: { text: 'unknown', style: 'yellow' },
  idle: { text: 'idle', style: 'dim' },
  finished: { text: 'finished', style: 'cyan' },
};

const UNSEEN = { text: 'done unseen', style: 'cyan' } as const;
const OUTCOMES = { open: '', ok: '', failed: ' (failed)', refused: ' (refused)' } as const;
const GOOD = 0.75;
const POOR = 0.5;

export const COLUMNS: readonly Column[] = [
  {
    name: 'mark',
    head: '',
    least: 1,
    most: 1,
    rank: 0,
    cell: (row) => markOf(row),
  },
  {
    name: 'agent',
    head: 'AGENT',
    least: 8,
    most: 28,
    rank: 0,
    cell: (row, width) => span(fitTo(row.id, width), row.urgency <= 2 ? 'bold' : 'plain'),
    order: (a, b) => (a.id < b.id ? -1 : 1),
  },
  {
    name: 'state',
    head: 'STATE',
    least: 11,
    most: 12,
    rank: 1,
    cell: (row, width, { isAway }) => {
      const { text, style } =
        row.status.unseen && row.status.state === 'finished' ? UNSEEN : STATES[row.status.state];
      return span(fitTo(isAway ? `${text}?` : text, width), style);
    },
    order: (a, b) => (a.status.state < b.status.state ? -1 : a.status.state > b.status.state ? 1 : 0),
  },
  {
    name: 'for',
    head: 'FOR',
    least: 4,
    most: 4,
    rank: 2,
    side: 'right',
    cell: (row, width, { now }) => span(fitTo(since(row.status.since, now), width, 'right')),
    order: (a, b) => (a.status.since < b.status.since ? -1 : a.status.since > b.status.since ? 1 : 0),
  },
  {
    name: 'phase',
    head: 'PHASE',
    least: 12,
    most: 12,
    rank: 10,
    cell: (row, width) => span(fitTo(row.lastAnalysis?.phase ?? '-', width)),
    order: (a, b) => compare(a.lastAnalysis?.phase ?? '~', b.lastAnalysis?.phase ?? '~'),
  },
  {
    name: 'align',
    head: 'ALIGN',
    least: 5,
    most: 5,
    rank: 4,
    side: 'right',
    cell: (row, width) => {
      const score = row.lastAnalysis?.alignmentScore;
      const style = score === undefined ? 'dim' : score < POOR ? 'red' : score < GOOD ? 'yellow' : 'plain';
      return span(fitTo(score === undefined ? '-' : score.toFixed(2), width, 'right'), style);
    },
    order: (a, b) => (a.lastAnalysis?.alignmentScore ?? 2) - (b.lastAnalysis?.alignmentScore ?? 2),
  },
  {
    name: 'trend',
    head: 'TREND',
    least: 8,
    most: 16,
    rank: 6,
    cell: (row, width) =>
      span(fitTo(sparkline(row.trend, width), width), row.lastAnalysis?.needsSteering ? 'red' : 'cyan'),
  },
  {
    name: 'steering',
    head: 'STEERING',
    least: 10,
    most: 10,
    rank: 3,
    cell: (row, width) => steeringOf(row, width),
    order: (a, b) => compare(a.lastAnalysis?.steeringType ?? '~', b.lastAnalysis?.steeringType ?? '~'),
  },
  {
    name: 'action',
    head: 'LAST ACTION',
    least: 16,
    most: Number.POSITIVE_INFINITY,
    rank: 5,
    cell: (row, width) => {
      if (row.lastAction === undefined) return span(fitTo(row.summary || '-', width), 'dim');
      const { tool, text, outcome } = row.lastAction;
      const named = text.startsWith(tool) ? text : `${tool}: ${text}`;
      return span(fitTo(`${named}${OUTCOMES[outcome]}`, width), outcome === 'failed' ? 'red' : 'plain');
    },
  },
  {
    name: 'tokens',
    head: 'TOKENS',
    least: 7,
    most: 7,
    rank: 7,
    side: 'right',
    cell: (row, width) => {
      const tokens = tokensOf(row);
      return span(fitTo(tokens === 0 ? '-' : tokensText(tokens), width, 'right'));
    },
    order: (a, b) => tokensOf(b) - tokensOf(a),
  },
  {
    name: 'cost',
    head: 'COST',
    least: 8,
    most: 8,
    rank: 8,
    side: 'right',
    cell: (row, width) => span(fitTo(costText(row.spend), width, 'right'), 'dim'),
    order: (a, b) => (b.spend.usd ?? 0) - (a.spend.usd ?? 0),
  },
  {
    name: 'repository',
    head: 'REPOSITORY',
    least: 16,
    most: 28,
    rank: 9,
    cell: (row, width) => span(fitTo(repositoryText(row.place, width), width), 'dim'),
    order: (a, b) => compare(a.place?.repository ?? '~', b.place?.repository ?? '~'),
  },
  {
    name: 'format',
    head: 'FORMAT',
    least: 11,
    most: 11,
    rank: 12,
    cell: (row, width) => span(fitTo(row.format ?? '-', width), 'dim'),
    order: (a, b) => compare(a.format ?? '~', b.format ?? '~'),
  },
  {
    name: 'restarts',
    head: 'RST',
    least: 3,
    most: 3,
    rank: 11,
    side: 'right',
    cell: (row, width) =>
      span(fitTo(String(row.restarts), width, 'right'), row.restarts > 0 ? 'yellow' : 'dim'),
    order: (a, b) => b.restarts - a.restarts,
  },
];

export const SORTABLE: readonly Column[] = COLUMNS.filter(({ order }) => order !== undefined);

/** `!` waits for a person, `?` a steering waits for a decision, `*` is in trouble, `=` is under maintenance, `+` has ended unseen. */
function markOf({ urgency, decisions, paused, group, status }: Row): Span {
  if (urgency === 0) return span('!', 'magenta');
  if (decisions > 0) return span('?', 'magenta');
  if (group === 'you') return span('!', 'red');
  if (paused) return span('=', 'yellow');
  if (group === 'trouble') return span('*', 'red');
  return status.unseen ? span('+', 'cyan') : span(' ');
}

function steeringOf({ decisions, escalated, level, lastAnalysis, status }: Row, width: number): Span {
  if (decisions > 0) return span(fitTo('approve?', width), 'magenta');
  if (escalated) return span(fitTo('given up', width), 'red');
  if (level === 'unresponsive') return span(fitTo('silent', width), 'red');
  const ended = status.state === 'finished';
  if (lastAnalysis?.needsSteering === true)
    return span(fitTo(lastAnalysis.steeringType ?? 'yes', width), ended ? 'dim' : 'red');
  return span(fitTo('-', width), 'dim');
}

/** The record is behind by the verdicts since it was read. */
function tokensOf({ spend, usage }: Row): number {
  if (usage === undefined) return spend.tokens;
  return Math.max(
    spend.tokens,
    usage.input + usage.output + (usage.cacheRead ?? 0) + (usage.cacheWrite ?? 0),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
