import type { Heartbeat } from '../messages/agent-wire.js';
import type { Figure } from '../messages/health.js';
import { createSeries, type Oddity, observe, type Series } from './anomaly.js';

const MINUTE_MS = 60_000;

interface Sample {
  readonly beat: Heartbeat;
  /** Monotonic. */
  readonly at: number;
}

/** The figures of one agent's heartbeats over time. Totals become rates; a new process or instance starts them afresh. */
export class FigureHistory {
  readonly #series = new Map<Figure, Series>();
  #last: Sample | undefined;

  /** Monotonic time of the latest sample. */
  get sampledAt(): number {
    return this.#last?.at ?? Number.NEGATIVE_INFINITY;
  }

  /** @returns the figures that are odd, each once. */
  sample(
    beat: Heartbeat,
    at: number,
    limits: { readonly score: number; readonly inARow: number },
  ): (Oddity & { readonly figure: Figure })[] {
    const figures = figuresOf(beat, at, this.#last);
    this.#last = { beat, at };
    const odd: (Oddity & { readonly figure: Figure })[] = [];
    for (const [figure, value] of figures) {
      const series = this.#series.get(figure) ?? createSeries();
      this.#series.set(figure, series);
      const found = observe(series, value, limits);
      if (found !== undefined) odd.push({ figure, ...found });
    }
    return odd;
  }
}

function figuresOf(beat: Heartbeat, at: number, last: Sample | undefined): [Figure, number][] {
  const figures: [Figure, number][] = [];
  if (beat.rssBytes !== undefined) figures.push(['rssBytes', beat.rssBytes]);
  if (last === undefined || at <= last.at || beat.instance !== last.beat.instance) return figures;
  const elapsed = at - last.at;
  const rate = (figure: Figure, now: number | undefined, before: number | undefined, per: number) => {
    if (now !== undefined && before !== undefined && now >= before)
      figures.push([figure, ((now - before) / elapsed) * per]);
  };
  if (beat.pid === last.beat.pid) rate('cpuShare', beat.cpuMs, last.beat.cpuMs, 1);
  rate('tokensPerMinute', beat.tokens, last.beat.tokens, MINUTE_MS);
  rate('costPerMinute', beat.cost, last.beat.cost, MINUTE_MS);
  return figures;
}
