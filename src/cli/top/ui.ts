import { SORTABLE } from './columns.js';
import { type Editor, edited, editorOf, textOf } from './editor.js';
import type { Row } from './fleet.js';
import type { Key } from './keys.js';

/** What a person looks at and is about to do. Changed by keys only: `press`. */
export interface Ui {
  /** The agent under the cursor. */
  readonly selected: string | undefined;
  /** Where it stood, for when it is gone. */
  readonly index: number;
  /** First row shown. */
  readonly top: number;
  readonly filter: string;
  readonly onlyNeed: boolean;
  /** Index into `SORTABLE`; undefined: who needs a person first. */
  readonly sort: number | undefined;
  readonly reversed: boolean;
  /** The agent that is looked at. */
  readonly open: Opened | undefined;
  readonly mode: Mode;
}

/** An agent that is looked at: its verdict above, its events below. */
export interface Opened {
  readonly agent: string;
  readonly pane: 'verdict' | 'events';
  readonly verdictTop: number;
  /** Lines from the end; 0 follows it. */
  readonly eventsUp: number;
}

export type Mode =
  | { readonly kind: 'browse' }
  | { readonly kind: 'filter'; readonly editor: Editor; readonly before: string }
  | { readonly kind: 'sort' }
  | { readonly kind: 'steer'; readonly agent: string; readonly editor: Editor }
  | { readonly kind: 'ask'; readonly question: string; readonly effect: Effect }
  | { readonly kind: 'help'; readonly top: number };

export type Effect =
  | { readonly kind: 'quit' }
  | { readonly kind: 'suspend' }
  | { readonly kind: 'redraw' }
  | { readonly kind: 'look'; readonly agent: string | undefined }
  | { readonly kind: 'steer'; readonly agent: string; readonly message: string }
  | { readonly kind: 'decide'; readonly agent: string; readonly id: string; readonly approve: boolean }
  | { readonly kind: 'analyze' | 'restart' | 'pause' | 'resume' | 'ack'; readonly agent: string }
  | { readonly kind: 'say'; readonly text: string };

/** What a key's meaning depends on beside the state. */
export interface Scene {
  /** Agents of the table, in the order that they are shown in. */
  readonly rows: readonly Row[];
  /** Rows that the table has room for. */
  readonly page: number;
  /** Of the agent that is looked at: how far its panes can be scrolled, and how many lines they have room for. */
  readonly verdictMost: number;
  readonly eventsMost: number;
  readonly panePage: number;
  /** The steering that waits for a decision about this agent. */
  pendingOf(agent: string): { readonly id: string; readonly message: string } | undefined;
  row(agent: string): Row | undefined;
}

export interface Pressed {
  readonly ui: Ui;
  readonly effects: readonly Effect[];
}

export const START: Ui = {
  selected: undefined,
  index: 0,
  top: 0,
  filter: '',
  onlyNeed: false,
  sort: undefined,
  reversed: false,
  open: undefined,
  mode: { kind: 'browse' },
};

const BROWSE: Mode = { kind: 'browse' };

/** The state after a key, and what is to be done about it. */
export function press(ui: Ui, key: Key, scene: Scene): Pressed {
  if (key.name === 'quit') return does(ui, { kind: 'quit' });
  if (key.name === 'suspend') return does(ui, { kind: 'suspend' });
  if (key.name === 'redraw') return does(ui, { kind: 'redraw' });
  switch (ui.mode.kind) {
    case 'filter':
      return inFilter(ui, ui.mode, key);
    case 'sort':
      return inSort(ui, key);
    case 'steer':
      return inSteer(ui, ui.mode, key);
    case 'ask':
      return inQuestion(ui, ui.mode, key);
    case 'help':
      return inHelp(ui, ui.mode, key);
    case 'browse':
      return ui.open === undefined ? inTable(ui, key, scene) : inAgent(ui, ui.open, key, scene);
  }
}

/**
 * Keeps the cursor on its agent and in sight after the table has changed. On the first row it stays on the first row:
 * whoever comes to need a person is seen.
 */
export function settled(ui: Ui, rows: readonly Row[], page: number): Ui {
  const at = ui.index === 0 ? 0 : rows.findIndex(({ id }) => id === ui.selected);
  const index = clamp(at >= 0 ? at : ui.index, 0, Math.max(0, rows.length - 1));
  const selected = rows[index]?.id;
  const most = Math.max(0, rows.length - page);
  const top = clamp(clamp(ui.top, index - page + 1, index), 0, most);
  if (ui.selected === selected && ui.index === index && ui.top === top) return ui;
  return { ...ui, selected, index, top };
}

function inTable(ui: Ui, key: Key, scene: Scene): Pressed {
  const { page, rows } = scene;
  const to = (wanted: number) => {
    const index = clamp(wanted, 0, Math.max(0, rows.length - 1));
    return stays({ ...ui, index, selected: rows[index]?.id });
  };
  const step = stepOf(key, page);
  if (step === 'first') return to(0);
  if (step === 'last') return to(rows.length - 1);
  if (step !== undefined) return to(ui.index + step);
  if (key.name === 'enter' && ui.selected !== undefined) return opened(ui, ui.selected);
  if (key.name === 'escape')
    return stays({ ...ui, filter: '', onlyNeed: false, sort: undefined, reversed: false });
  switch (key.name === 'text' ? key.text : '') {
    case 'q':
      return does(ui, { kind: 'quit' });
    case '/':
      return mode(ui, { kind: 'filter', editor: editorOf(ui.filter), before: ui.filter });
    case 's':
      return mode(ui, { kind: 'sort' });
    case 'a':
      return stays({ ...ui, onlyNeed: !ui.onlyNeed });
    default:
      return act(ui, key, ui.selected, scene);
  }
}

function opened(ui: Ui, agent: string): Pressed {
  return does(
    { ...ui, open: { agent, pane: 'events', verdictTop: 0, eventsUp: 0 } },
    { kind: 'look', agent },
  );
}

function inAgent(ui: Ui, open: Opened, key: Key, scene: Scene): Pressed {
  const with_ = (change: Partial<Opened>) => stays({ ...ui, open: { ...open, ...change } });
  if (key.name === 'escape' || key.name === 'left' || (key.name === 'text' && key.text === 'q'))
    return does({ ...ui, open: undefined }, { kind: 'look', agent: undefined });
  if (key.name === 'tab') return with_({ pane: open.pane === 'events' ? 'verdict' : 'events' });
  const step = stepOf(key, scene.panePage);
  if (step === undefined) return act(ui, key, open.agent, scene);
  if (open.pane === 'verdict') {
    const most = scene.verdictMost;
    const top = step === 'first' ? 0 : step === 'last' ? most : Math.min(open.verdictTop, most) + step;
    return with_({ verdictTop: clamp(top, 0, most) });
  }
  const most = scene.eventsMost;
  const up = step === 'first' ? most : step === 'last' ? 0 : Math.min(open.eventsUp, most) - step;
  return with_({ eventsUp: clamp(up, 0, most) });
}

/** What is done about one agent, wherever it is seen. */
function act(ui: Ui, key: Key, agent: string | undefined, scene: Scene): Pressed {
  if (key.name !== 'text') return stays(ui);
  if (key.text === '?') return mode(ui, { kind: 'help', top: 0 });
  const row = agent === undefined ? undefined : scene.row(agent);
  if (agent === undefined || row === undefined) return stays(ui);
  const pending = scene.pendingOf(agent);
  switch (key.text) {
    case 'S':
      return mode(ui, { kind: 'steer', agent, editor: editorOf() });
    case 'A':
      return does(ui, { kind: 'analyze', agent });
    case 'K':
      return does(ui, { kind: 'ack', agent });
    case 'R':
      return asks(ui, `Restart ${agent}? What it is doing now is lost.`, { kind: 'restart', agent });
    case 'P':
      return row.paused
        ? does(ui, { kind: 'resume', agent })
        : asks(ui, `Leave ${agent} alone (neither restarted nor steered)?`, { kind: 'pause', agent });
    case 'y':
    case 'n': {
      if (pending === undefined)
        return does(ui, { kind: 'say', text: `nothing about ${agent} waits for a decision` });
      const approve = key.text === 'y';
      const question = approve
        ? `Tell ${agent}: ${pending.message}`
        : `Do not tell ${agent}: ${pending.message}`;
      return asks(ui, question, { kind: 'decide', agent, id: pending.id, approve });
    }
    default:
      return stays(ui);
  }
}

function inFilter(ui: Ui, { editor, before }: Mode & { kind: 'filter' }, key: Key): Pressed {
  if (key.name === 'enter') return stays({ ...ui, mode: BROWSE });
  if (key.name === 'escape') return stays({ ...ui, filter: before, mode: BROWSE });
  const next = edited(editor, key);
  return stays({ ...ui, filter: textOf(next), mode: { kind: 'filter', editor: next, before } });
}

/** -1 is the order of need; `SORTABLE` follows. */
function inSort(ui: Ui, key: Key): Pressed {
  const at = ui.sort ?? -1;
  const to = (index: number) => stays({ ...ui, sort: index < 0 ? undefined : index, reversed: false });
  const count = SORTABLE.length + 1;
  if (key.name === 'right' || key.name === 'tab' || (key.name === 'text' && key.text === 's'))
    return to(((at + 2) % count) - 1);
  if (key.name === 'left') return to(((at + count) % count) - 1);
  if (key.name === 'text' && key.text === 'r') return stays({ ...ui, reversed: !ui.reversed });
  if (key.name === 'escape') return stays({ ...ui, sort: undefined, reversed: false, mode: BROWSE });
  return key.name === 'enter' ? stays({ ...ui, mode: BROWSE }) : stays(ui);
}

function inSteer(ui: Ui, { agent, editor }: Mode & { kind: 'steer' }, key: Key): Pressed {
  if (key.name === 'escape') return mode(ui, BROWSE);
  if (key.name !== 'enter') return mode(ui, { kind: 'steer', agent, editor: edited(editor, key) });
  const message = textOf(editor).trim();
  if (message === '') return mode(ui, BROWSE);
  return asks(ui, `Tell ${agent}: ${message}`, { kind: 'steer', agent, message });
}

function inQuestion(ui: Ui, { effect }: Mode & { kind: 'ask' }, key: Key): Pressed {
  if (key.name === 'text' && (key.text === 'y' || key.text === 'Y'))
    return does({ ...ui, mode: BROWSE }, effect);
  const isNo = key.name === 'escape' || (key.name === 'text' && /^[nNq]$/.test(key.text));
  return isNo ? mode(ui, BROWSE) : stays(ui);
}

function inHelp(ui: Ui, { top }: Mode & { kind: 'help' }, key: Key): Pressed {
  const step = stepOf(key, 10);
  if (typeof step === 'number') return mode(ui, { kind: 'help', top: Math.max(0, top + step) });
  return mode(ui, BROWSE);
}

/** Rows to move by, or to which end. */
function stepOf({ name, text }: Key, page: number): number | 'first' | 'last' | undefined {
  const pressed = name === 'text' ? text : name;
  switch (pressed) {
    case 'down':
    case 'j':
      return 1;
    case 'up':
    case 'k':
      return -1;
    case 'pageDown':
    case ' ':
      return Math.max(1, page - 1);
    case 'pageUp':
      return -Math.max(1, page - 1);
    case 'home':
    case 'g':
      return 'first';
    case 'end':
    case 'G':
      return 'last';
    default:
      return undefined;
  }
}

function stays(ui: Ui): Pressed {
  return { ui, effects: [] };
}

function mode(ui: Ui, next: Mode): Pressed {
  return stays({ ...ui, mode: next });
}

function asks(ui: Ui, question: string, effect: Effect): Pressed {
  return mode(ui, { kind: 'ask', question, effect });
}

function does(ui: Ui, ...effects: readonly Effect[]): Pressed {
  return { ui, effects };
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}
