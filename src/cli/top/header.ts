import { costText, tokensText } from '../../cost/spend-text.js';
import { printable, widthOf } from '../width.js';
import { sparkline } from './figures.js';
import type { Fleet, Row } from './fleet.js';
import { type Line, restyled, type Span, type Style, span } from './line.js';

/** Where the figures come from, and how old they are. */
export interface Source {
  /** Since when nobody answers, epoch milliseconds by our clock; undefined while somebody does. */
  readonly awaySince: number | undefined;
  /** Why. */
  readonly away: string;
  /** Where the broker is. */
  readonly url: string;
}

/** A figure of the header; those of a higher rank are left out first. */
interface Item {
  readonly spans: readonly Span[];
  readonly rank: number;
}

const SEPARATOR = '  ';

/** The first lines: who needs a person, then how the fleet and what watches it are. */
export function headerLines(fleet: Fleet, source: Source, width: number, now: number): readonly Line[] {
  const first = fitting(fleetItems(fleet), width);
  const second = secondLine(fleet, source, width, now);
  return [source.awaySince === undefined ? first : restyled(first, 'dim'), second];
}

function secondLine(fleet: Fleet, source: Source, width: number, now: number): Line {
  if (source.awaySince === undefined) return fitting(systemItems(fleet), width);
  const seconds = Math.max(0, Math.round((now - source.awaySince) / 1_000));
  return fitting(
    [
      item(0, [`away since ${seconds} s`, 'red']),
      item(1, [printable(source.away), 'red']),
      item(2, ['figures are old; trying again', 'dim']),
    ],
    width,
  );
}

function fleetItems({ rows }: Fleet): Item[] {
  const count = (is: (row: Row) => boolean) => rows.filter(is).length;
  const group = (name: Row['group']) => count((row) => row.group === name);
  const you = group('you');
  const trouble = group('trouble');
  return [
    item(0, ['vigil top', 'bold']),
    item(2, [`${rows.length} agents`, 'plain']),
    item(0, [`${you} for you`, you > 0 ? 'magenta' : 'dim']),
    item(1, [`${trouble} in trouble`, trouble > 0 ? 'red' : 'dim']),
    item(3, [`${group('running')} running`, 'green']),
    item(5, [`${group('quiet')} quiet`, 'dim']),
    item(4, [`${group('finished')} finished`, 'dim']),
  ];
}

function systemItems({ status, coherence, coherencePoints }: Fleet): Item[] {
  if (status === undefined) return [item(0, ['asking …', 'dim'])];
  const { health, requests, hosts, broker, judge, cost } = status;
  const style: Style =
    coherence?.status === 'incoherent' ? 'red' : coherence?.status === 'strained' ? 'yellow' : 'plain';
  const spent = `${tokensText(judge.tokensToday)}/${tokensText(judge.tokensPerDay)} today`;
  return [
    ...(health.held ? [item(0, ['restarts held', 'red'])] : []),
    ...(health.fleetPaused ? [item(0, ['maintenance', 'yellow'])] : []),
    ...(coherence === undefined
      ? [item(1, ['coherence -', 'dim'])]
      : [
          item(1, [`coherence ${coherence.score.toFixed(2)} ${coherence.status}`, style]),
          item(4, [sparkline(coherencePoints, 24), 'cyan']),
        ]),
    item(3, [`${hosts.length} host${hosts.length === 1 ? '' : 's'}`, hosts.length === 0 ? 'red' : 'plain']),
    item(5, [`${requests.running} request${requests.running === 1 ? '' : 's'}`, 'plain']),
    ...(health.restarting > 0 ? [item(2, [`${health.restarting} restarting`, 'yellow'])] : []),
    ...(cost.tokens === 0
      ? []
      : [item(5, [`${tokensText(cost.tokens)} tokens ${costText(cost)} today`, 'plain'])]),
    item(6, broker.connected ? ['broker ok', 'plain'] : ['broker away', 'red']),
    judge.kind === 'llm' ? item(6, [`model ${spent}`, 'plain']) : item(8, ['rules only', 'dim']),
  ];
}

function item(rank: number, ...parts: readonly (readonly [string, Style])[]): Item {
  return { rank, spans: parts.map(([text, style]) => span(text, style)) };
}

/** As many figures as there is room for, the most telling ones, in their order. */
function fitting(items: readonly Item[], width: number): Line {
  const chosen = new Set<Item>();
  let used = 0;
  for (const each of [...items].sort((a, b) => a.rank - b.rank)) {
    const cells = each.spans.reduce((sum, { text }) => sum + widthOf(text), 0);
    const more = cells + (chosen.size === 0 ? 0 : SEPARATOR.length);
    if (used + more > width) continue;
    chosen.add(each);
    used += more;
  }
  return [...chosen]
    .sort((a, b) => items.indexOf(a) - items.indexOf(b))
    .flatMap(({ spans }, i) => (i === 0 ? spans : [span(SEPARATOR), ...spans]));
}
