import { fitTo } from '../width.js';
import { type Around, COLUMNS, type Column, type ColumnName } from './columns.js';
import type { Row } from './fleet.js';
import { type Line, lengthOf, restyled, span } from './line.js';

/** A column with the cells that it gets. */
export interface Placed {
  readonly column: Column;
  readonly width: number;
}

const GAP = 1;
/** Columns of a higher rank than these come when what the agent does has so many cells more than the least. */
const COMFORT: readonly { readonly above: number; readonly cells: number }[] = [
  { above: 8, cells: 28 },
  { above: 6, cells: 14 },
];

/**
 * The columns that a terminal has room for, in their order, and how wide each is.
 *
 * @param longestId cells of the longest id: more would be wasted on it.
 */
export function placeColumns(width: number, longestId: number): readonly Placed[] {
  const chosen = new Set<Column>();
  let used = -GAP;
  for (const column of [...COLUMNS].sort((a, b) => a.rank - b.rank)) {
    const spare = COMFORT.find(({ above }) => column.rank > above)?.cells ?? 0;
    if (used + GAP + column.least + spare > width && chosen.size > 0) continue;
    chosen.add(column);
    used += GAP + column.least;
  }
  const widths = new Map([...chosen].map((column) => [column, column.least]));
  let left = width - used;
  const grow = (name: ColumnName, most: number) => {
    const column = COLUMNS.find((each) => each.name === name);
    const has = column === undefined ? undefined : widths.get(column);
    if (column === undefined || has === undefined) return;
    const more = Math.max(0, Math.min(left, Math.min(column.most, most) - has));
    widths.set(column, has + more);
    left -= more;
  };
  grow('agent', longestId);
  grow('state', Number.POSITIVE_INFINITY);
  // The trend takes a share, so that what the agent does stays readable.
  grow('trend', 8 + Math.floor(left / 4));
  grow('action', Number.POSITIVE_INFINITY);
  grow('agent', Number.POSITIVE_INFINITY);
  return COLUMNS.flatMap((column) => {
    const has = widths.get(column);
    return has === undefined ? [] : [{ column, width: Math.min(has, Math.max(0, width)) }];
  });
}

export function headLine(
  placed: readonly Placed[],
  sortedBy: ColumnName | undefined,
  reversed: boolean,
): Line {
  const mark = reversed ? '▲' : '▼';
  return placed.flatMap(({ column, width }, i) => {
    const head = column.name === sortedBy ? `${mark}${column.head}` : column.head;
    const text = fitTo(head, width, column.side);
    return [span(i === 0 ? '' : ' '.repeat(GAP)), span(text, 'heading')];
  });
}

export function rowLine(row: Row, placed: readonly Placed[], around: Around, width: number): Line {
  const line = placed.flatMap(({ column, width: cells }, i) => [
    span(i === 0 ? '' : ' '.repeat(GAP)),
    column.cell(row, cells, around),
  ]);
  return around.isAway ? restyled(line, 'dim') : padded(line, width);
}

/** The line in reverse over its whole width. */
export function selectedLine(line: Line, width: number): Line {
  return restyled(padded(line, width), 'selected');
}

function padded(line: Line, width: number): Line {
  return [...line, span(' '.repeat(Math.max(0, width - lengthOf(line))))];
}
