import type { Database, Statement } from 'better-sqlite3';
import type { SteeringType } from '../messages/analysis.js';
import { parseWith } from '../messages/errors.js';
import { Effect, Intervention, type InterventionState, type SteerMode } from '../messages/interventions.js';

/** A new verdict that asks for steering, and what is known of its agent. */
export interface Recommended {
  readonly agent: string;
  readonly type: SteeringType;
  readonly recommendation: string;
  readonly score: number;
  readonly eventCount: number;
  /** The agent's own setting. */
  readonly mode: SteerMode | null;
  /** When the agent was last steered for the same trouble, epoch milliseconds. */
  readonly lastAt: number | null;
}

/** What an intervention's effect is measured against. */
export interface Before {
  readonly score: number;
  readonly eventCount: number;
}

/** A delivered intervention whose effect nobody has seen yet. */
export interface Unseen {
  readonly id: string;
  readonly type: Intervention['type'];
  readonly before: number;
}

export interface InterventionQuery {
  readonly agent?: string | undefined;
  readonly state?: InterventionState | undefined;
  readonly before?: string | undefined;
  readonly limit: number;
}

interface Row {
  readonly id: string;
  readonly requestId: string;
  readonly agent: string;
  readonly at: number;
  readonly type: string;
  readonly message: string;
  readonly emergency: number;
  readonly delivery: string;
  readonly dryRun: number;
  readonly state: string;
  readonly updatedAt: number;
  readonly via: string | null;
  readonly reason: string | null;
  readonly effect: string | null;
}

/** A step that an intervention takes. What is absent stays as it is. */
export interface Step {
  readonly state: InterventionState;
  readonly via?: Intervention['via'];
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
}

const COLUMNS = `id, request_id as requestId, agent, at, type, message, emergency, delivery, dry_run as dryRun, state,
  updated_at as updatedAt, via, reason, effect`;

/** Interventions and agents that wait for a person. All writes belong inside a transaction. */
export class InterventionTable {
  readonly #recommended: Statement<[string], Recommended>;
  readonly #add: Statement;
  readonly #get: Statement<[string], Row>;
  readonly #list: Statement<[Record<string, unknown>], Row>;
  readonly #inState: Statement<[string, number, number], Row>;
  readonly #openOf: Statement<[string, number], Row>;
  readonly #undoneOf: Statement<[string], Row>;
  readonly #late: Statement<[string, number], { id: string }>;
  readonly #move: Statement;
  readonly #unseen: Statement<[string, number], Unseen>;
  readonly #effect: Statement<[string, number, string]>;
  readonly #verdict: Statement<[string], Before>;
  readonly #wait: Statement<[{ agent: string; now: number }]>;
  readonly #waits: Statement<[string], { since: number }>;
  readonly #goOn: Statement<[string], { since: number }>;
  readonly #prune: Statement<[number]>;

  constructor(database: Database) {
    this.#recommended = database.prepare(`
      select v.agent, v.steering_type as type, v.analysis ->> '$.recommendation' as recommendation,
             v.alignment_score as score, v.analysis ->> '$.eventCount' as eventCount, a.spec ->> '$.steer' as mode,
             (select max(i.at) from interventions i
               where i.agent = v.agent and i.type = v.steering_type and i.emergency = 0) as lastAt
        from analyses v left join agents a on a.id = v.agent
       where v.request_id = ? and v.needs_steering = 1 and v.unchanged = 0 order by v.seq`);
    this.#add = database.prepare(`
      insert into interventions (id, request_id, agent, at, type, message, emergency, delivery, dry_run, state,
                                 updated_at, score_before, events_before)
      values (@id, @requestId, @agent, @at, @type, @message, @emergency, @delivery, @dryRun, @state,
              @at, @score, @eventCount)
      on conflict (id) do nothing`);
    this.#get = database.prepare(`select ${COLUMNS} from interventions where id = ?`);
    this.#list = database.prepare(`
      select ${COLUMNS} from interventions
       where (@agent is null or agent = @agent) and (@state is null or state = @state)
         and (@before is null or id < @before)
       order by id desc limit @limit`);
    this.#inState = database.prepare(
      `select ${COLUMNS} from interventions where state = ? order by at, id limit ? offset ?`,
    );
    this.#openOf = database.prepare(`
      select ${COLUMNS} from interventions
       where state in ('queued', 'waiting') and agent = ? order by at, id limit ?`);
    this.#undoneOf = database.prepare(`
      select ${COLUMNS} from interventions
       where state in ('pending', 'queued', 'waiting') and agent = ? order by at, id`);
    this.#late = database.prepare('select id from interventions where state = ? and updated_at < ?');
    this.#move = database.prepare(`
      update interventions
         set state = @state, updated_at = @now, via = coalesce(@via, via), reason = @reason,
             message = coalesce(@message, message)
       where id = @id and state in (select value from json_each(@from))`);
    this.#unseen = database.prepare(`
      select id, type, score_before as before from interventions
       where agent = ? and state = 'delivered' and effect is null and score_before is not null and events_before < ?`);
    this.#effect = database.prepare('update interventions set effect = ?, updated_at = ? where id = ?');
    this.#verdict = database.prepare(`
      select alignment_score as score, analysis ->> '$.eventCount' as eventCount from analyses
       where agent = ? order by seq desc limit 1`);
    this.#wait = database.prepare(`
      insert into waiting (agent, since) select id, @now from agents where id = @agent on conflict (agent) do nothing`);
    this.#waits = database.prepare('select since from waiting where agent = ?');
    this.#goOn = database.prepare('delete from waiting where agent = ? returning since');
    this.#prune = database.prepare('delete from interventions where at < ?');
  }

  /** The request's new verdicts that ask for steering; one that only stands unchanged was steered before. */
  recommendedIn(requestId: string): Recommended[] {
    return this.#recommended.all(requestId);
  }

  /** @param before absent when no verdict asked for it: then no effect is looked for. */
  add(intervention: Intervention, before: Before | undefined): void {
    const { id, requestId, agent, type, message, delivery, state } = intervention;
    this.#add.run({
      id,
      requestId,
      agent,
      at: Date.parse(intervention.at),
      type,
      message,
      emergency: intervention.emergency ? 1 : 0,
      delivery,
      dryRun: intervention.dryRun === true ? 1 : 0,
      state,
      score: before?.score ?? null,
      eventCount: before?.eventCount ?? null,
    });
  }

  get(id: string): Intervention | undefined {
    const row = this.#get.get(id);
    return row === undefined ? undefined : interventionOf(row);
  }

  /** The newest first. */
  list({ agent, state, before, limit }: InterventionQuery): Intervention[] {
    return this.#list
      .all({ agent: agent ?? null, state: state ?? null, before: before ?? null, limit })
      .map(interventionOf);
  }

  /** To be sent, the oldest first. */
  inState(state: 'queued' | 'waiting', limit: number, offset: number): Intervention[] {
    return this.#inState.all(state, limit, offset).map(interventionOf);
  }

  /** What nobody took yet of what an agent is to be told, the oldest first. */
  openOf(agent: string, limit: number): Intervention[] {
    return this.#openOf.all(agent, limit).map(interventionOf);
  }

  /** What an agent may still be told, also where a person has to decide first, the oldest first. */
  undoneOf(agent: string): Intervention[] {
    return this.#undoneOf.all(agent).map(interventionOf);
  }

  /** Ids of those that have been in a state since before then. */
  lateIn(state: InterventionState, before: number): string[] {
    return this.#late.all(state, before).map(({ id }) => id);
  }

  /** @returns the intervention after its step; undefined when it is in none of the states it may be taken from. */
  move(id: string, from: readonly InterventionState[], step: Step, now: number): Intervention | undefined {
    const done = this.#move.run({
      id,
      from: JSON.stringify(from),
      now,
      state: step.state,
      via: step.via ?? null,
      reason: step.reason ?? null,
      message: step.message ?? null,
    });
    return done.changes === 1 ? this.get(id) : undefined;
  }

  /** The agent's delivered interventions since which more than `grown` events came. */
  unseen(agent: string, eventCount: number, grown: number): Unseen[] {
    return this.#unseen.all(agent, eventCount - grown);
  }

  noteEffect(id: string, effect: Effect): Intervention | undefined {
    this.#effect.run(JSON.stringify(effect), Date.parse(effect.at), id);
    return this.get(id);
  }

  /** What the latest verdict on an agent says. */
  latestVerdict(agent: string): Before | undefined {
    return this.#verdict.get(agent);
  }

  /** @returns false when it was known to wait. */
  startWaiting(agent: string, now: number): boolean {
    return this.#wait.run({ agent, now }).changes === 1;
  }

  /** Whether it was said to wait and not to have gone on. */
  isWaiting(agent: string): boolean {
    return this.#waits.get(agent) !== undefined;
  }

  /** @returns since when it waited; undefined when it did not. */
  endWaiting(agent: string): number | undefined {
    return this.#goOn.get(agent)?.since;
  }

  prune(before: number): void {
    this.#prune.run(before);
  }
}

function interventionOf(row: Row): Intervention {
  const { at, updatedAt, emergency, dryRun, via, reason, effect, ...rest } = row;
  return parseWith(
    Intervention,
    {
      ...rest,
      emergency: emergency === 1,
      ...(dryRun === 1 ? { dryRun: true } : {}),
      at: new Date(at).toISOString(),
      updatedAt: new Date(updatedAt).toISOString(),
      ...(via === null ? {} : { via }),
      ...(reason === null ? {} : { reason }),
      ...(effect === null ? {} : { effect: parseWith(Effect, JSON.parse(effect), 'effect') }),
    },
    'intervention',
  );
}
