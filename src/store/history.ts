import type { Database, Statement } from 'better-sqlite3';
import { CoherenceReport, TrajectoryAnalysis } from '../messages/analysis.js';
import { parseWith } from '../messages/errors.js';

/** An agent's latest verdict in short, and the scores before it. */
export interface Trend {
  readonly agent: string;
  readonly summary: string;
  readonly goal: string;
  /** Alignment scores, 0..1, oldest first. */
  readonly scores: readonly number[];
}

/** One verdict of an agent, as a point of its curve. */
export interface Point {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly score: number;
  readonly type: string | null;
}

interface TrendRow {
  readonly agent: string;
  readonly latest: string | null;
  readonly scores: string | null;
}

/** What was judged over time, for people to look at: reads only. */
export class History {
  readonly #trends: Statement<[number], TrendRow>;
  readonly #latest: Statement<[string], { at: number; analysis: string }>;
  readonly #points: Statement<[string, number], Point>;
  readonly #coherence: Statement<[], { at: number; report: string }>;
  readonly #coherencePoints: Statement<[number], { at: number; score: number }>;

  constructor(database: Database) {
    this.#trends = database.prepare(`
      select a.id as agent,
             (select json_object('summary', l.analysis ->> '$.summary', 'goal', substr(l.analysis ->> '$.goal', 1, 400))
                from analyses l where l.agent = a.id order by l.seq desc limit 1) as latest,
             (select json_group_array(alignment_score)
                from (select alignment_score from analyses l where l.agent = a.id order by l.seq desc limit ?)) as scores
        from agents a where a.state = 'active'`);
    this.#latest = database.prepare(
      'select at, analysis from analyses where agent = ? order by seq desc limit 1',
    );
    this.#points = database.prepare(`
      select at, alignment_score as score, steering_type as type
        from analyses where agent = ? order by seq desc limit ?`);
    this.#coherence = database.prepare('select at, report from coherence order by at desc limit 1');
    this.#coherencePoints = database.prepare('select at, score from coherence order by at desc limit ?');
  }

  /** Of every active agent, the latest `points` scores: one statement. */
  trends(points: number): Trend[] {
    return this.#trends.all(points).map(({ agent, latest, scores }) => ({
      agent,
      ...(JSON.parse(latest ?? '{"summary": "", "goal": ""}') as Pick<Trend, 'summary' | 'goal'>),
      scores: (JSON.parse(scores ?? '[]') as number[]).reverse(),
    }));
  }

  /** The latest verdict in full. */
  latest(agent: string): { readonly at: number; readonly analysis: TrajectoryAnalysis } | undefined {
    const row = this.#latest.get(agent);
    if (row === undefined) return undefined;
    const what = `analysis of ${agent} in the database`;
    return { at: row.at, analysis: parseWith(TrajectoryAnalysis, JSON.parse(row.analysis), what) };
  }

  /** The latest verdicts, oldest first. */
  points(agent: string, limit: number): Point[] {
    return this.#points.all(agent, limit).reverse();
  }

  /** The latest report on the fleet. */
  coherence(): { readonly at: number; readonly report: CoherenceReport } | undefined {
    const row = this.#coherence.get();
    if (row === undefined) return undefined;
    return {
      at: row.at,
      report: parseWith(CoherenceReport, JSON.parse(row.report), 'coherence in the database'),
    };
  }

  /** Scores of the latest reports, oldest first. */
  coherencePoints(limit: number): { readonly at: number; readonly score: number }[] {
    return this.#coherencePoints.all(limit).reverse();
  }
}
