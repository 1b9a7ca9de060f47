import type { Intervention } from '../../messages/interventions.js';
import { eventParts } from '../event-line.js';
import { eventRange } from '../render.js';
import { cutTo, fitTo, widthOf, wrapTo } from '../width.js';
import { since, sparkline } from './figures.js';
import type { Row } from './fleet.js';
import { type Line, type Style, span } from './line.js';
import type { Looked } from './look.js';

/** Texts of one agent may be long; what is behind this many lines is in `vigil agents get` and the dashboard. */
const MAX_TEXT_LINES = 6;

/** The agent in one line: what it does, since when, by what that is known. */
export function titleLine(row: Row | undefined, agent: string, now: number, width: number): Line {
  if (row === undefined) return [span(cutTo(`${agent}: no longer watched`, width), 'yellow')];
  const { state, source, at } = row.status;
  const sign = at === null ? '' : `, latest sign ${since(at, now)} ago`;
  const facts = `${state} for ${since(row.status.since, now)}, by ${source ?? 'nothing'}${sign}`;
  const extra = `${row.paused ? ', under maintenance' : ''}${row.escalated ? ', restarts given up' : ''}`;
  const name = cutTo(agent, width);
  const room = width - widthOf(name) - 2;
  return room < 1 ? [span(name, 'bold')] : [span(name, 'bold'), span(`  ${cutTo(facts + extra, room)}`)];
}

/** Verdict, evidence, interventions. */
export function verdictLines(
  looked: Looked,
  row: Row | undefined,
  now: number,
  width: number,
): readonly Line[] {
  const { past, interventions } = looked;
  if (past === undefined) return [[span('asking for its verdict …', 'dim')]];
  const lines: Line[] = [];
  const text = (label: string, words: string, style: Style = 'plain') => {
    const room = Math.max(8, width - LABEL);
    wrapTo(words, room, MAX_TEXT_LINES).forEach((part, i) => {
      lines.push([span(fitTo(i === 0 ? label : '', LABEL), 'dim'), span(part, style)]);
    });
  };
  for (const { state, message } of interventions)
    if (state === 'pending') text('y or n?', `tell it: ${message}`, 'magenta');
  text('goal', row?.goal || past.latest?.verdict.goal || '-');
  const verdict = past.latest?.verdict;
  if (verdict === undefined || past.latest === null) text('verdict', 'not judged yet', 'dim');
  else {
    const score = `aligned ${verdict.alignmentScore.toFixed(2)}`;
    const need = verdict.needsSteering ? `needs steering: ${verdict.steeringType ?? ''}` : 'no steering';
    const facts = `${verdict.phase}, ${score}, ${need} (${since(past.latest.at, now)} ago, by ${verdict.judge === 'llm' ? 'model' : 'rules'})`;
    text('verdict', facts, verdict.needsSteering ? 'red' : 'green');
    const curve = past.points.map((point) => point.score * 100);
    lines.push([span(fitTo('', LABEL)), span(sparkline(curve, Math.max(8, width - LABEL)), 'cyan')]);
    text('', verdict.summary);
    if (verdict.recommendation !== undefined) text('advice', verdict.recommendation, 'yellow');
    for (const each of verdict.evidence)
      text(
        'evidence',
        `${each.rule}: ${each.detail} (events ${eventRange(each.events)})`,
        each.severity >= 0.5 ? 'red' : 'plain',
      );
    for (const each of verdict.constraints) text('rule', each);
    for (const each of verdict.notes ?? []) text('note', each, 'dim');
  }
  for (const each of interventions) text('told', interventionText(each, now), toneOf(each));
  return lines;
}

const LABEL = 10;
const INDEX_WIDTH = 6;
const ROLE_WIDTH = 7;
const TIME_WIDTH = 9;

/** Its last events, one a line. */
export function eventLines({ events, notes, trouble }: Looked, width: number): readonly Line[] {
  const lines: Line[] = events.map((event) => {
    const { index, time, role, text, tone } = eventParts(event);
    const clock = time === '-' ? '-' : time.slice(11);
    const room = Math.max(0, width - INDEX_WIDTH - TIME_WIDTH - ROLE_WIDTH);
    const style = tone === 'failed' ? 'red' : tone === 'quiet' ? 'dim' : 'plain';
    return [
      span(`${index.padStart(INDEX_WIDTH - 1)} `, 'dim'),
      span(fitTo(clock, TIME_WIDTH), 'dim'),
      span(fitTo(role, ROLE_WIDTH), 'cyan'),
      span(cutTo(text, room), style),
    ];
  });
  for (const note of notes) lines.push([span(cutTo(`note: ${note}`, width), 'dim')]);
  if (trouble !== undefined) lines.push([span(cutTo(`events: ${trouble}; trying again`, width), 'yellow')]);
  if (lines.length === 0) return [[span('asking for its events …', 'dim')]];
  return lines;
}

function interventionText({ type, state, at, message, reason, effect }: Intervention, now: number): string {
  const went = effect === undefined ? '' : `, ${effect.outcome}`;
  return `${since(at, now)} ago, ${type}, ${state}${reason === undefined ? '' : ` (${reason})`}${went}: ${message}`;
}

function toneOf({ state }: Intervention): Style {
  if (state === 'pending') return 'magenta';
  return state === 'undelivered' ? 'red' : 'plain';
}
