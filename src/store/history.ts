import type { Database, Statement } from 'better-sqlite3';
import { CoherenceReport, type SteeringType, TrajectoryAnalysis } from '../messages/analysis.js';
import { parseWith } from '../messages/errors.js';
import { Trend } from '../messages/history.js';

/** One verdict of an agent, as a point of its curve. */
export interface Point {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly score: number;
  readonly type: SteeringType | null;
}

interface TrendRow {
  readonly agent: string;
  /** JSON objects, and a JSON list of scores, the newest first. */
  readonly latest: string | null;
  readonly scores: string;
  readonly restarts: number;
}

interface TrendQuery {
  /** Scores of each agent. */
  readonly points: number;
  readonly after?: string | undefined;
  readonly limit: number;
}

/** What was judged over time, for people to look at: reads only. */
export class History {
  readonly #trends: Statement<[{ points: number; after: string; limit: number }], TrendRow>;
  readonly #latest: Statement<[string], { at: number; analysis: string }>;
  readonly #verdicts: Statement<[string, number, number], { seq: number; at: number; analysis: string }>;
  readonly #points: Statement<[string, number], Point>;
  readonly #coherence: Statement<[], { at: number; report: string }>;
  readonly #coherencePoints: Statement<[number], { at: number; score: number }>;

  constructor(database: Database) {
    this.#trends = database.prepare(`
      select a.id as agent,
             (select json_object('summary', l.analysis ->> '$.summary', 'goal', substr(l.analysis ->> '$.goal', 1, 160),
                                 'lastAction', l.analysis -> '$.lastAction', 'format', l.analysis ->> '$.format',
                                 'usage', l.analysis -> '$.usage')
                from analyses l where l.agent = a.id order by l.seq desc limit 1) as latest,
             (select json_group_array(round(alignment_score, 3))
                from (select alignment_score from analyses l where l.agent = a.id order by l.seq desc limit @points)) as scores,
             (select count(*) from restarts r where r.agent = a.id) as restarts
        from agents a where a.state = 'active' and a.id > @after order by a.id limit @limit`);
    this.#latest = database.prepare(
      'select at, analysis from analyses where agent = ? order by seq desc limit 1',
    );
    this.#verdicts = database.prepare(
      'select seq, at, analysis from analyses where agent = ? and seq > ? and unchanged = 0 order by seq limit ?',
    );
    this.#points = database.prepare(`
      select at, alignment_score as score, steering_type as type
        from analyses where agent = ? order by seq desc limit ?`);
    this.#coherence = database.prepare('select at, report from coherence order by at desc limit 1');
    this.#coherencePoints = database.prepare('select at, score from coherence order by at desc limit ?');
  }

  /** Of active agents by their id, the latest scores: one statement. */
  trends({ points, after = '', limit }: TrendQuery): Trend[] {
    return this.#trends.all({ points, after, limit }).map(({ agent, latest, scores, restarts }) => {
      const verdict = JSON.parse(latest ?? '{"summary": "", "goal": ""}') as Record<string, unknown>;
      const known = Object.entries(verdict).filter(([, value]) => value !== null);
      const trend = { agent, ...Object.fromEntries(known), scores: JSON.parse(scores).reverse(), restarts };
      return parseWith(Trend, trend, `trend of ${agent} in the database`);
    });
  }

  /** The latest verdict in full. */
  latest(agent: string): { readonly at: number; readonly analysis: TrajectoryAnalysis } | undefined {
    const row = this.#latest.get(agent);
    if (row === undefined) return undefined;
    const what = `analysis of ${agent} in the database`;
    return { at: row.at, analysis: parseWith(TrajectoryAnalysis, JSON.parse(row.analysis), what) };
  }

  /** Verdicts at which the log had changed, oldest first. @param after only those behind this number. */
  verdicts(
    agent: string,
    after: number,
    limit: number,
  ): { readonly seq: number; readonly at: number; readonly analysis: TrajectoryAnalysis }[] {
    return this.#verdicts.all(agent, after, limit).map(({ seq, at, analysis }) => ({
      seq,
      at,
      analysis: parseWith(TrajectoryAnalysis, JSON.parse(analysis), `analysis of ${agent} in the database`),
    }));
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
