import type { Drawing } from './drawing.js';

/** How a state looks: a mark beside its colour, for those who do not see the colours apart. */
export interface Look {
  readonly mark: string;
  readonly fill: string;
  readonly line: string;
}

const UNKNOWN: Look = { mark: '?', fill: '#eeeeee', line: '#777777' };

const LOOKS: Readonly<Record<string, Look>> = {
  pending: { mark: '○', fill: '#f2f2f2', line: '#8a8a8a' },
  ready: { mark: '▷', fill: '#dbeafe', line: '#2563eb' },
  claimed: { mark: '◔', fill: '#fef3c7', line: '#b45309' },
  running: { mark: '◑', fill: '#fde68a', line: '#b45309' },
  done: { mark: '✓', fill: '#dcfce7', line: '#15803d' },
  failed: { mark: '✗', fill: '#fee2e2', line: '#b91c1c' },
  cancelled: { mark: '–', fill: '#e5e5e5', line: '#525252' },
};

export const STATES = Object.keys(LOOKS);

/** Of the critical path. */
export const CRITICAL = '#be123c';

export function lookOf(state: string): Look {
  return Object.hasOwn(LOOKS, state) ? (LOOKS[state] ?? UNKNOWN) : UNKNOWN;
}

const MAX_LABEL = 48;

/** A title on one line, without what does something to a terminal or a page. */
export function labelOf(title: string): string {
  const line = title.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, ' ').trim();
  return line.length <= MAX_LABEL ? line : `${[...line].slice(0, MAX_LABEL - 1).join('')}…`;
}

/** A drawing with numbers for ids, which are safe in any language, and its critical edges. */
export interface Numbered {
  readonly nodes: readonly {
    readonly number: number;
    readonly id: string;
    readonly label: string;
    readonly state: string;
    readonly critical: boolean;
  }[];
  readonly edges: readonly { readonly from: number; readonly to: number; readonly critical: boolean }[];
}

/** Edges to tasks that are not drawn are left out. */
export function numbered({ tasks, edges, criticalPath }: Drawing): Numbered {
  const numbers = new Map(tasks.map(({ id }, number) => [id, number]));
  const next = new Map(criticalPath.map((id, i) => [id, criticalPath[i + 1]]));
  return {
    nodes: tasks.map(({ id, title, state }, number) => ({
      number,
      id: labelOf(id),
      label: labelOf(title),
      state: labelOf(state),
      critical: next.has(id),
    })),
    edges: edges.flatMap(([one, other]) => {
      const from = numbers.get(one);
      const to = numbers.get(other);
      if (from === undefined || to === undefined) return [];
      return [{ from, to, critical: next.get(one) === other }];
    }),
  };
}
