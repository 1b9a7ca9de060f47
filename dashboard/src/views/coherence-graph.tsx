import type { CoherenceReport } from '../../../src/messages/analysis';
import { rowOf } from '../state/fleet';
import { agentPath } from '../state/route';

interface Pair {
  readonly a: string;
  readonly b: string;
  readonly kind: 'duplicate' | 'conflict';
}

interface Placed {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  /** Where its name stands: neighbours' names are longer than what is between them. */
  readonly above: boolean;
}

/** More could not be told apart. */
const MAX_AGENTS = 300;
const WIDTH = 1_160;
const CELL_PAD = 84;
const RADIUS = 8;

/** The agents that get in each other's way, those that belong together in a ring. The lists below say the same in words. */
export function CoherenceGraph({ report }: { report: CoherenceReport }) {
  const pairs = pairsOf(report);
  const { placed, height, omitted } = place(pairs);
  const at = new Map(placed.map((each) => [each.id, each]));
  return (
    <>
      <p class="legend">
        <span>
          <svg aria-hidden="true">
            <line class="edge duplicate" x1="0" y1="5" x2="26" y2="5" />
          </svg>
          the same work
        </span>
        <span>
          <svg aria-hidden="true">
            <line class="edge conflict" x1="0" y1="5" x2="26" y2="5" />
          </svg>
          the same files
        </span>
        {omitted > 0 && <span class="faint">{omitted} agents more than can be drawn</span>}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard */}
      <section class="graph" aria-label="Graph of agents" tabIndex={0}>
        <svg viewBox={`0 0 ${WIDTH} ${height}`} width={WIDTH} height={height}>
          <title>Agents that do the same work or edit the same files</title>
          {pairs.map(({ a, b, kind }) => {
            const from = at.get(a);
            const to = at.get(b);
            if (from === undefined || to === undefined) return null;
            return (
              <line key={kind + a + b} class={`edge ${kind}`} x1={from.x} y1={from.y} x2={to.x} y2={to.y} />
            );
          })}
          {placed.map(({ id, x, y, above }) => (
            <a
              key={id}
              href={agentPath(id)}
              class={`node${rowOf(id)?.group === 'trouble' ? ' in-trouble' : ''}`}
            >
              <circle cx={x} cy={y} r={RADIUS} />
              <text x={x} y={above ? y - 14 : y + 24} text-anchor="middle">
                {id.length > 22 ? `${id.slice(0, 21)}…` : id}
              </text>
            </a>
          ))}
        </svg>
      </section>
    </>
  );
}

/** Neighbours in a group are joined, and its ends: all pairs of a large group would be a blot. */
function pairsOf({ duplicates, conflicts }: CoherenceReport): readonly Pair[] {
  const ring = (agents: readonly string[], kind: Pair['kind']): Pair[] =>
    agents.flatMap((a, i) => {
      const b = agents[(i + 1) % agents.length];
      return b === undefined || a === b || (agents.length === 2 && i === 1) ? [] : [{ a, b, kind }];
    });
  return [
    ...duplicates.flatMap(({ agents }) => ring(agents, 'duplicate')),
    ...conflicts.flatMap(({ agents }) => ring(agents, 'conflict')),
  ];
}

function place(pairs: readonly Pair[]): { placed: readonly Placed[]; height: number; omitted: number } {
  const groups = componentsOf(pairs);
  const placed: Placed[] = [];
  let omitted = 0;
  let left = 0;
  let top = 0;
  let rowHeight = 0;
  for (const members of groups) {
    if (placed.length + members.length > MAX_AGENTS) {
      omitted += members.length;
      continue;
    }
    const radius = members.length === 2 ? 62 : Math.max(62, (members.length * 96) / (2 * Math.PI));
    const size = 2 * (radius + CELL_PAD);
    const height = (members.length === 2 ? 2 * RADIUS : 2 * radius) + CELL_PAD;
    if (left > 0 && left + size > WIDTH) {
      left = 0;
      top += rowHeight;
      rowHeight = 0;
    }
    members.forEach((id, i) => {
      const angle = (i / members.length) * 2 * Math.PI + (members.length === 2 ? Math.PI : -Math.PI / 2);
      placed.push({
        id,
        x: left + size / 2 + radius * Math.cos(angle),
        y: top + height / 2 + radius * Math.sin(angle),
        above: members.length === 2 ? i === 1 : Math.sin(angle) < -0.01,
      });
    });
    left += size;
    rowHeight = Math.max(rowHeight, height);
  }
  return { placed, height: top + rowHeight, omitted };
}

/** Agents that are joined, directly or not; the largest groups first. */
function componentsOf(pairs: readonly Pair[]): string[][] {
  const neighbours = new Map<string, string[]>();
  const join = (a: string, b: string) => {
    const known = neighbours.get(a);
    if (known === undefined) neighbours.set(a, [b]);
    else known.push(b);
  };
  for (const { a, b } of pairs) {
    join(a, b);
    join(b, a);
  }
  const seen = new Set<string>();
  const groups: string[][] = [];
  for (const start of neighbours.keys()) {
    if (seen.has(start)) continue;
    const group: string[] = [];
    const open = [start];
    seen.add(start);
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      group.push(id);
      for (const next of neighbours.get(id) ?? []) {
        if (seen.has(next)) continue;
        seen.add(next);
        open.push(next);
      }
    }
    groups.push(group);
  }
  return groups.sort((a, b) => b.length - a.length);
}
