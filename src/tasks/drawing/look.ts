import type { Drawing, DrawnTask } from './drawing.js';

/** States that are told apart; whatever else is given as one is `unknown`. */
export type DrawnState =
  | 'pending'
  | 'ready'
  | 'claimed'
  | 'running'
  | 'done'
  | 'failed'
  | 'cancelled'
  | 'unknown';

/** How a state looks. The mark and the shapes tell states apart where colours do not. */
export interface Look {
  readonly mark: string;
  readonly stroke: string;
  readonly light: string;
  readonly dark: string;
}

export const LOOKS: Readonly<Record<DrawnState, Look>> = {
  pending: { mark: '○', stroke: '#78909c', light: '#eceff1', dark: '#37474f' },
  ready: { mark: '◇', stroke: '#1976d2', light: '#e3f2fd', dark: '#0d3c61' },
  claimed: { mark: '◔', stroke: '#7e57c2', light: '#ede7f6', dark: '#311b6b' },
  running: { mark: '▶', stroke: '#b27700', light: '#fff3cd', dark: '#5c4400' },
  done: { mark: '✓', stroke: '#2e8b57', light: '#dff3e4', dark: '#12472a' },
  failed: { mark: '✗', stroke: '#c62828', light: '#fde0dc', dark: '#641b14' },
  cancelled: { mark: '⊘', stroke: '#9e9e9e', light: '#f5f5f5', dark: '#2b2b2b' },
  unknown: { mark: '?', stroke: '#9e9e9e', light: '#ffffff', dark: '#14181d' },
};

export const STATES = Object.keys(LOOKS) as DrawnState[];

/** Of the critical path. */
export const CRITICAL = '#d81b60';

/** Beyond this many boxes nobody reads a drawing, and the layout takes seconds. */
export const MOST_DRAWN = 500;

/** A graph as the drawings walk it: tasks by number, edges among them alone. */
export interface Plan {
  readonly tasks: readonly PlannedTask[];
  readonly edges: readonly PlannedEdge[];
  readonly critical: ReadonlySet<number>;
  /** Tasks that are not drawn. */
  readonly omitted: number;
}

export interface PlannedTask extends DrawnTask {
  readonly state: DrawnState;
}

export interface PlannedEdge {
  readonly from: number;
  readonly to: number;
  readonly critical: boolean;
}

/** Cuts a graph to at most so many tasks, those of the critical path first, then in the order given. */
export function planOf(graph: Drawing, most: number = MOST_DRAWN): Plan {
  const onPath = new Set(graph.criticalPath);
  const byWorth = new Set([...graph.tasks.filter(({ id }) => onPath.has(id)), ...graph.tasks]);
  const drawn = new Set([...byWorth].slice(0, most));
  const tasks = graph.tasks.filter((task) => drawn.has(task));
  const numbers = new Map(tasks.map(({ id }, number) => [id, number]));
  const next = new Map(graph.criticalPath.map((id, i) => [id, graph.criticalPath[i + 1]]));
  return {
    tasks: tasks.map((task) => ({ ...task, state: stateOf(task.state) })),
    edges: graph.edges.flatMap(([from, to]) => {
      const [start, end] = [numbers.get(from), numbers.get(to)];
      return start === undefined || end === undefined
        ? []
        : [{ from: start, to: end, critical: next.get(from) === to }];
    }),
    critical: new Set(graph.criticalPath.flatMap((id) => numbers.get(id) ?? [])),
    omitted: graph.omitted + graph.tasks.length - tasks.length,
  };
}

function stateOf(text: string): DrawnState {
  return STATES.find((state) => state === text) ?? 'unknown';
}

export function moreLine(omitted: number): string {
  return `${omitted} more ${omitted === 1 ? 'task is' : 'tasks are'} not drawn`;
}

/** Controls, what turns the direction of writing, halves of characters, and what XML forbids. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]+/gu;

/** A task's text on one line: nothing unseen in it, and no longer than a box takes. */
export function oneLine(text: string, most: number): string {
  // What is far longer is cut before it is looked at.
  const line = text
    .slice(0, most * 8)
    .replace(UNSEEN, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  const characters = [...line];
  return characters.length <= most ? line : `${characters.slice(0, most - 1).join('')}…`;
}
