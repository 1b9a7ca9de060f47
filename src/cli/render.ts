import Table from 'cli-table3';
import type { CoherenceReport, TrajectoryAnalysis } from '../messages/analysis.js';
import type { Failure } from '../messages/errors.js';
import { visible } from '../messages/visible.js';
import { pc, terminalWidth } from './terminal.js';

export const NO_BORDERS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};
/** Agent, phase, alignment, steering: what is left goes to goal and reason. */
const FIXED = [24, 14, 9, 12] as const;
const WHY_SHARE = 0.6;

export function cut(text: string, width: number): string {
  const clean = visible(text).trim();
  return clean.length <= width ? clean : `${clean.slice(0, Math.max(0, width - 1))}…`;
}

/** A verdict, or a final result's line of one. */
export type VerdictRow = Pick<
  TrajectoryAnalysis,
  'agent' | 'phase' | 'alignmentScore' | 'needsSteering' | 'steeringType' | 'summary'
> &
  Partial<Pick<TrajectoryAnalysis, 'evidence' | 'goal'>>;

/** One row an agent, those that need steering first. */
export function verdictTable(analyses: readonly VerdictRow[], width = terminalWidth()): string {
  const rest = Math.max(40, width - FIXED.reduce((sum, each) => sum + each + 2, 0) - 4);
  const why = Math.floor(rest * WHY_SHARE);
  const goal = rest - why;
  const table = new Table({
    head: ['AGENT', 'PHASE', 'ALIGNED', 'STEERING', 'WHY', 'GOAL'],
    chars: NO_BORDERS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  const sorted = [...analyses].sort(
    (a, b) =>
      Number(b.needsSteering) - Number(a.needsSteering) ||
      a.alignmentScore - b.alignmentScore ||
      (a.agent < b.agent ? -1 : 1),
  );
  for (const each of sorted) {
    const mark = each.needsSteering ? pc.red : (text: string) => text;
    table.push([
      mark(cut(each.agent, FIXED[0])),
      each.phase,
      each.alignmentScore.toFixed(2),
      each.needsSteering ? pc.red(each.steeringType ?? 'yes') : pc.green('-'),
      cut(reasonOf(each), why),
      pc.dim(cut(each.goal ?? '', goal)),
    ]);
  }
  return table.toString();
}

function reasonOf(analysis: VerdictRow): string {
  const [first] = analysis.evidence ?? [];
  if (!analysis.needsSteering || first === undefined) return analysis.summary;
  return `${first.detail} (events ${eventRange(first.events)})`;
}

/** "19, 21, 23" or "19 … 47" when there are many. */
export function eventRange(events: readonly number[]): string {
  if (events.length <= 6) return events.join(', ');
  return `${events[0]} … ${events.at(-1)}`;
}

export function coherenceText(report: CoherenceReport): string {
  const { alignment } = report;
  const lines = [
    `${pc.bold('Fleet')}: coherence ${report.coherenceScore.toFixed(2)} (${report.status}), ${report.agents} agents, mean alignment ${alignment.mean.toFixed(2)}, ${alignment.needSteering} need steering`,
    ...report.duplicates.map(
      (each) =>
        `  same work: ${each.agents.join(', ')} (similarity ${each.similarity.toFixed(2)}; ${visible(each.evidence)})`,
    ),
    ...report.conflicts.map(
      (each) => `  same files: ${each.agents.join(', ')}: ${each.files.map(visible).join(', ')}`,
    ),
    ...report.recommendations.map((each) => `  ${visible(each)}`),
  ];
  return lines.join('\n');
}

/** @param colours of the stream that they go to. */
export function failureLines(failures: readonly Failure[], colours = pc): string {
  return failures
    .map((each) =>
      colours.yellow(`  failed: ${each.agent ?? 'request'}: ${each.code}: ${visible(each.message)}`),
    )
    .join('\n');
}
