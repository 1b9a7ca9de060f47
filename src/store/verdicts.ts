import type { Database, Statement } from 'better-sqlite3';
import type { CoherenceReport, Phase, SteeringType, TrajectoryAnalysis } from '../messages/analysis.js';
import type { AnalysisItem } from '../messages/results.js';

export interface AnalysisRow {
  readonly requestId: string;
  readonly analysis: TrajectoryAnalysis;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly epoch: number;
  readonly host: string;
  /** The log had not changed since the analysis before. */
  readonly unchanged: boolean;
}

export interface CycleRow {
  readonly requestId: string;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly agents: number;
  readonly failures: number;
  readonly coherenceScore: number | null;
  readonly interventions: number;
}

interface ItemRow {
  readonly agent: string;
  readonly phase: Phase;
  readonly alignmentScore: number;
  readonly needsSteering: number;
  readonly steeringType: SteeringType | null;
  readonly summary: string;
  readonly unchanged: number;
}

/** What an agent's latest analysis says of what it does now. */
export interface LatestVerdict {
  readonly agent: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly phase: Phase;
  /** Null where nothing is to be done about it. */
  readonly steeringType: SteeringType | null;
  readonly waitsFor: 'input' | 'permission' | null;
  /** ISO time. */
  readonly lastEventAt: string | null;
}

/** What was judged: analyses, coherence, cycles. All writes belong inside a transaction. */
export class VerdictTables {
  readonly #analysis: Statement;
  readonly #items: Statement<[string], ItemRow>;
  readonly #judged: Statement<[string], { agent: string }>;
  readonly #latest: Statement<[], LatestVerdict>;
  readonly #settle: Statement<[string]>;
  readonly #coherenceOf: Statement<[string], { report: string }>;
  readonly #coherence: Statement;
  readonly #cycle: Statement;
  readonly #prunes: readonly Statement<[number]>[];

  constructor(database: Database) {
    this.#analysis = database.prepare(`
      insert into analyses (request_id, agent, at, epoch, host, phase, alignment_score, needs_steering, steering_type, unchanged, analysis)
      values (@requestId, @agent, @at, @epoch, @host, @phase, @alignmentScore, @needsSteering, @steeringType, @unchanged, @analysis)
      on conflict (request_id, agent) do nothing`);
    this.#items = database.prepare(`
      select agent, phase, alignment_score as alignmentScore, needs_steering as needsSteering,
             steering_type as steeringType, analysis ->> '$.summary' as summary, unchanged
        from analyses where request_id = ? order by seq`);
    this.#judged = database.prepare('select agent from analyses where request_id = ?');
    this.#latest = database.prepare(`
      select agent, at, phase, iif(needs_steering = 1, steering_type, null) as steeringType, analysis ->> '$.waitsFor' as waitsFor,
             analysis ->> '$.lastEventAt' as lastEventAt
        from analyses
       where seq in (select (select max(seq) from analyses where agent = agents.id) from agents)`);
    this.#settle = database.prepare(`
      update analyses
         set needs_steering = 0,
             analysis = json_set(json_remove(analysis, '$.recommendation', '$.waitsFor'), '$.needsSteering', json('false'))
       where seq = (select max(seq) from analyses where agent = ?) and needs_steering = 1`);
    this.#coherenceOf = database.prepare('select report from coherence where request_id = ?');
    this.#coherence = database.prepare(
      'insert into coherence (request_id, at, score, report) values (?, ?, ?, ?) on conflict (request_id) do nothing',
    );
    this.#cycle = database.prepare(`
      insert into cycles (request_id, started_at, finished_at, agents, failures, coherence_score, interventions)
      values (@requestId, @startedAt, @finishedAt, @agents, @failures, @coherenceScore, @interventions)
      on conflict (request_id) do nothing`);
    this.#prunes = [
      'delete from analyses where at < ?',
      'delete from coherence where at < ?',
      'delete from cycles where finished_at < ?',
    ].map((text) => database.prepare<[number]>(text));
  }

  /** @returns false when the request has an analysis of that agent already. */
  addAnalysis(row: AnalysisRow): boolean {
    const { analysis } = row;
    const done = this.#analysis.run({
      requestId: row.requestId,
      agent: analysis.agent,
      at: row.at,
      epoch: row.epoch,
      host: row.host,
      phase: analysis.phase,
      alignmentScore: analysis.alignmentScore,
      needsSteering: analysis.needsSteering ? 1 : 0,
      steeringType: analysis.steeringType ?? null,
      unchanged: row.unchanged ? 1 : 0,
      analysis: JSON.stringify(analysis),
    });
    return done.changes === 1;
  }

  /** What a request has gathered so far, in the order it came. */
  itemsOf(requestId: string): AnalysisItem[] {
    return this.#items.all(requestId).map((row) => ({
      agent: row.agent,
      phase: row.phase,
      alignmentScore: row.alignmentScore,
      needsSteering: row.needsSteering === 1,
      ...(row.steeringType === null ? {} : { steeringType: row.steeringType }),
      summary: row.summary,
      ...(row.unchanged === 1 ? { unchanged: true } : {}),
    }));
  }

  /** Agents of which the request has a verdict. */
  judgedIn(requestId: string): Set<string> {
    return new Set(this.#judged.all(requestId).map((row) => row.agent));
  }

  /** The latest of each agent on record; costs what there are of those. */
  latest(): LatestVerdict[] {
    return this.#latest.all();
  }

  /** The agent has ended: what its log showed stays on record, as `afterEnd` has it. */
  settle(agent: string): void {
    this.#settle.run(agent);
  }

  /** The request's coherence report, as it was written. */
  coherenceOf(requestId: string): CoherenceReport | undefined {
    const row = this.#coherenceOf.get(requestId);
    return row === undefined ? undefined : (JSON.parse(row.report) as CoherenceReport);
  }

  addCoherence(requestId: string, report: CoherenceReport, at: number): void {
    this.#coherence.run(requestId, at, report.coherenceScore, JSON.stringify(report));
  }

  addCycle(row: CycleRow): void {
    this.#cycle.run(row);
  }

  prune(before: number): void {
    for (const prune of this.#prunes) prune.run(before);
  }
}
