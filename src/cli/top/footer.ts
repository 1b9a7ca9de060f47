import { cutTo, printable, widthOf, wrapTo } from '../width.js';
import { SORTABLE } from './columns.js';
import { type Editor, editorWindow } from './editor.js';
import { type Line, type Span, span } from './line.js';
import type { Ui } from './ui.js';

/** The last lines: what is asked, typed, said, or what keys there are. */
export interface Footer {
  readonly lines: readonly Line[];
  /** From the first of these lines. */
  readonly cursor: { readonly row: number; readonly column: number } | undefined;
}

/** Something that was just done or went wrong. */
export interface Notice {
  readonly text: string;
  readonly isBad: boolean;
}

interface Counts {
  readonly shown: number;
  readonly all: number;
}

const TABLE_KEYS =
  '? help  Enter look  / filter  s sort  a need me  S steer  A analyse  R restart  P pause  q quit';
const AGENT_KEYS = '? help  Esc back  Tab pane  S steer  A analyse  R restart  P pause  y approve  n reject';

export function footer(
  ui: Ui,
  notice: Notice | undefined,
  counts: Counts,
  width: number,
  rows: number,
): Footer {
  switch (ui.mode.kind) {
    case 'filter':
      return typed(' / ', ui.mode.editor, width);
    case 'steer':
      return typed(` tell ${ui.mode.agent}: `, ui.mode.editor, width);
    case 'sort':
      return plain([sortLine(ui, width)]);
    case 'ask':
      return plain(questionLines(ui.mode.question, width, rows));
    case 'help':
      return plain([[span(cutTo('any key goes back', width), 'dim')]]);
    case 'browse':
      return plain([browseLine(ui, notice, counts, width)]);
  }
}

function browseLine(ui: Ui, notice: Notice | undefined, { shown, all }: Counts, width: number): Line {
  if (notice !== undefined) return [span(cutTo(notice.text, width), notice.isBad ? 'red' : 'green')];
  if (ui.open !== undefined) return [span(cutTo(AGENT_KEYS, width), 'dim')];
  const limits = [
    ...(ui.filter === '' ? [] : [`/${printable(ui.filter)}`]),
    ...(ui.onlyNeed ? ['only who needs you'] : []),
  ];
  const limit = limits.length === 0 ? '' : cutTo(`${limits.join(', ')}: ${shown} of ${all}  `, width);
  const gap = limit === '' ? '' : '  ';
  const room = Math.max(0, width - widthOf(limit) - gap.length);
  return [span(limit, 'yellow'), span(gap), span(cutTo(TABLE_KEYS, room), 'dim')];
}

/** The question whole, as far as there is room: a person answers for what it says. */
function questionLines(question: string, width: number, rows: number): readonly Line[] {
  const lines = wrapTo(question, width, Math.max(1, Math.floor(rows / 2) - 1));
  return [...lines.map((text): Line => [span(text, 'yellow')]), [span(cutTo('y yes   n no', width), 'bold')]];
}

function sortLine({ sort, reversed }: Ui, width: number): Line {
  const names = ['need', ...SORTABLE.map(({ head }) => head.toLowerCase())];
  const chosen = sort === undefined ? 0 : sort + 1;
  const spans: Span[] = [span('sort by', 'dim')];
  let used = 'sort by'.length;
  // The chosen one first where not all fit.
  const from = names.join(' ').length + used < width ? 0 : chosen;
  for (const [i, name] of names.entries()) {
    if (i < from || used + name.length + 2 > width) continue;
    spans.push(
      span(' '),
      span(i === chosen && reversed ? `▲${name}` : name, i === chosen ? 'selected' : 'plain'),
    );
    used += name.length + 2;
  }
  return spans;
}

function typed(prompt: string, editor: Editor, width: number): Footer {
  const label = cutTo(prompt, Math.max(1, Math.floor(width / 2)));
  const space = widthOf(label) + 1;
  const { text, cell } = editorWindow(editor, Math.max(2, width - space));
  return {
    lines: [[span(`${label} `, 'yellow'), span(text)]],
    cursor: { row: 0, column: Math.min(width - 1, space + cell) },
  };
}

function plain(lines: readonly Line[]): Footer {
  return { lines, cursor: undefined };
}
