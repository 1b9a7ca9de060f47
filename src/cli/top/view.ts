import { eventLines, titleLine, verdictLines } from './agent-view.js';
import { SORTABLE } from './columns.js';
import type { Fleet, Row } from './fleet.js';
import { type Footer, footer, type Notice } from './footer.js';
import type { Frame } from './frame.js';
import { headerLines, type Source } from './header.js';
import { helpLines } from './help.js';
import { clipped, type Line, paint, restyled, span } from './line.js';
import type { Looked } from './look.js';
import { headLine, placeColumns, rowLine, selectedLine } from './table.js';
import type { Scene, Ui } from './ui.js';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** All that a picture is made from beside what a person pressed. */
export interface World {
  readonly fleet: Fleet;
  readonly looked: Looked | undefined;
  readonly source: Source;
  readonly notice: Notice | undefined;
  /** Epoch milliseconds: by our clock, and by the supervisor's. */
  readonly now: number;
  readonly fleetNow: number;
}

/** The picture that belongs to a state, and what keys mean in it. */
export interface Scenery extends Scene {
  readonly header: readonly Line[];
  readonly footer: Footer;
  readonly verdict: readonly Line[];
  readonly events: readonly Line[];
  readonly verdictRows: number;
}

/** Below it there is room for one line of header only. */
const LOW = 12;

/** Lays out what there is on a terminal of that size. */
export function sceneryOf(ui: Ui, world: World, { columns, rows }: Size): Scenery {
  const { fleet, source, fleetNow, now, looked } = world;
  const shown = shownRows(fleet.rows, ui);
  const all = headerLines(fleet, source, columns, now);
  // What is away is said on the second line: it is the last to go.
  const header = rows >= LOW ? all : source.awaySince === undefined ? all.slice(0, 1) : all.slice(1);
  const bottom = footer(ui, world.notice, { shown: shown.length, all: fleet.rows.length }, columns, rows);
  const body = Math.max(0, rows - header.length - bottom.lines.length);
  const isOpen = ui.open !== undefined && looked !== undefined;
  const row = fleet.row(ui.open?.agent);
  const verdict = isOpen ? verdictLines(looked, row, fleetNow, columns) : [];
  const events = isOpen ? eventLines(looked, columns) : [];
  // A title and a line between.
  const panes = Math.max(0, body - 2);
  const forEvents = Math.min(events.length, Math.max(Math.ceil(panes / 2), panes - verdict.length));
  const verdictRows = Math.min(verdict.length, panes - forEvents);
  const eventRows = panes - verdictRows;
  return {
    header,
    footer: bottom,
    rows: shown,
    page: Math.max(1, body - 1),
    verdict,
    events,
    verdictRows,
    verdictMost: Math.max(0, verdict.length - verdictRows),
    eventsMost: Math.max(0, events.length - eventRows),
    panePage: ui.open?.pane === 'verdict' ? verdictRows : eventRows,
    pendingOf: (agent) => fleet.pendingOf(agent),
    row: (agent) => fleet.row(agent),
  };
}

/** Draws it: every line of the terminal, painted. */
export function drawn(ui: Ui, world: World, scenery: Scenery, size: Size, colours: boolean): Frame {
  const { columns, rows } = size;
  const { header, footer: bottom } = scenery;
  const space = Math.max(0, rows - header.length - bottom.lines.length);
  const body =
    ui.mode.kind === 'help'
      ? helpLines(columns).slice(clampTop(ui.mode.top, helpLines(columns).length, space))
      : ui.open === undefined
        ? tableLines(ui, world, scenery, columns)
        : agentLines(ui, world, scenery, columns, space);
  const filled = [...body.slice(0, space), ...Array<Line>(Math.max(0, space - body.length)).fill([])];
  const lines = [...header, ...filled, ...bottom.lines].slice(0, rows);
  const { cursor } = bottom;
  return {
    lines: lines.map((line) => paint(clipped(line, columns), colours)),
    cursor:
      cursor === undefined
        ? undefined
        : { row: lines.length - bottom.lines.length + cursor.row, column: cursor.column },
  };
}

/** Which agents, in which order. */
function shownRows(rows: readonly Row[], { filter, onlyNeed, sort, reversed }: Ui): readonly Row[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted =
    words.length === 0 && !onlyNeed
      ? rows
      : rows.filter(
          (row) =>
            (!onlyNeed || row.group === 'you' || row.group === 'trouble') &&
            (words.length === 0 || words.every((word) => textOf(row).includes(word))),
        );
  const order = sort === undefined ? undefined : SORTABLE[sort]?.order;
  const sorted = order === undefined ? wanted : [...wanted].sort(order);
  return reversed ? [...sorted].reverse() : sorted;
}

function textOf({ id, goal, summary, status, lastAnalysis, host, label, lastAction, format }: Row): string {
  const parts = [id, goal, summary, status.state, lastAnalysis?.steeringType, host, label, format];
  return [...parts, lastAction?.tool, lastAction?.text].filter(Boolean).join(' ').toLowerCase();
}

function tableLines(ui: Ui, world: World, { rows, page }: Scenery, width: number): readonly Line[] {
  const { source, fleetNow: now, fleet } = world;
  const isAway = source.awaySince !== undefined;
  const longest = fleet.rows.reduce((most, { id }) => Math.max(most, id.length), 0);
  const placed = placeColumns(width, longest);
  const sortedBy = ui.sort === undefined ? undefined : SORTABLE[ui.sort]?.name;
  const head = headLine(placed, sortedBy, ui.reversed);
  if (rows.length === 0) return [head, [span(emptyText(ui, fleet), 'dim')]];
  const lines = rows.slice(ui.top, ui.top + page).map((row) => {
    const line = rowLine(row, placed, { now, isAway }, width);
    return row.id === ui.selected ? selectedLine(line, width) : line;
  });
  return [head, ...lines];
}

function emptyText({ onlyNeed, filter }: Ui, { isLoaded, rows }: Fleet): string {
  if (!isLoaded) return 'asking for the agents …';
  if (rows.length === 0) return 'no agent is on record; "vigil watch" finds sessions';
  if (filter !== '') return 'no agent has these words; Esc shows all';
  return onlyNeed ? 'nobody needs you' : '';
}

function agentLines(
  ui: Ui,
  { fleet, source, fleetNow }: World,
  { verdict, events, verdictRows, verdictMost, eventsMost }: Scenery,
  width: number,
  space: number,
): readonly Line[] {
  if (ui.open === undefined) return [];
  const { agent, pane, verdictTop, eventsUp } = ui.open;
  const top = Math.min(verdictTop, verdictMost);
  const up = Math.min(eventsUp, eventsMost);
  const eventRows = Math.max(0, space - 2 - verdictRows);
  const end = events.length - up;
  const focus = (name: 'verdict' | 'events') => (pane === name ? 'heading' : 'dim');
  const above = verdictMost === 0 ? '' : ` lines ${top + 1} to ${top + verdictRows} of ${verdict.length}`;
  const below = up === 0 ? 'following' : `${up} below`;
  const bar = [
    span('── ', 'dim'),
    span(`verdict${above}`, focus('verdict')),
    span(' ── ', 'dim'),
    span(`events, ${below}`, focus('events')),
    span(' ── Tab ', 'dim'),
  ];
  const lines = [
    titleLine(fleet.row(agent), agent, fleetNow, width),
    ...verdict.slice(top, top + verdictRows),
    bar,
    ...events.slice(Math.max(0, end - eventRows), end),
  ];
  return source.awaySince === undefined ? lines : lines.map((line) => restyled(line, 'dim'));
}

function clampTop(top: number, count: number, space: number): number {
  return Math.max(0, Math.min(top, count - space));
}
