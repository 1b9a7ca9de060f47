import { byUrgency, type Group, groupOf, urgency } from '../../health/urgency.js';
import type { FeedEvent } from '../../http/event-feed.js';
import { changedRow, pendingAfter } from '../../http/fleet-row.js';
import type { FleetRow } from '../../http/views.js';
import type { Intervention } from '../../messages/interventions.js';
import type { Status } from '../../messages/requests.js';

/** An agent as the table shows it. */
export interface Row extends FleetRow {
  readonly urgency: number;
  readonly group: Group;
  /** Interventions that wait for a decision. */
  readonly decisions: number;
}

export interface Coherence {
  readonly score: number;
  readonly status: string;
}

/** All that was asked for at once. */
export interface Answer {
  readonly agents: readonly FleetRow[];
  readonly pending: readonly Intervention[];
  readonly coherence: Coherence | undefined;
  /** Scores, oldest first. */
  readonly coherencePoints: readonly number[];
}

const COHERENCE_POINTS = 60;

/** What is known of the fleet: what was asked for, and what the events have said since. */
export class Fleet {
  #rows = new Map<string, Row>();
  #sorted: readonly Row[] | undefined;
  pending: readonly Intervention[] = [];
  coherence: Coherence | undefined;
  coherencePoints: readonly number[] = [];
  status: Status | undefined;
  /** Whether there was an answer at all. */
  isLoaded = false;

  /** Who needs a person first. */
  get rows(): readonly Row[] {
    this.#sorted ??= [...this.#rows.values()].sort(byUrgency);
    return this.#sorted;
  }

  row(id: string | undefined): Row | undefined {
    return id === undefined ? undefined : this.#rows.get(id);
  }

  /** The one that a person decides on next: the one that has waited longest. */
  pendingOf(id: string): Intervention | undefined {
    return this.pending.findLast(({ agent }) => agent === id);
  }

  take({ agents, pending, coherence, coherencePoints }: Answer): void {
    const decisions = countByAgent(pending);
    this.#rows = new Map(agents.map((row) => [row.id, standing(row, decisions.get(row.id) ?? 0)]));
    this.#sorted = undefined;
    this.pending = pending;
    this.coherence = coherence;
    this.coherencePoints = coherencePoints.slice(-COHERENCE_POINTS);
    this.isLoaded = true;
  }

  /** @returns false when the event speaks of what is not known: all has to be asked for anew. */
  hear({ subject, body }: FeedEvent): boolean {
    const [, what, agent = ''] = subject.split('.');
    if (what === 'intervention') {
      this.#decided(body as Intervention);
      return true;
    }
    const row = this.#rows.get(agent);
    if (row === undefined) return false;
    this.#set(changedRow(row, subject, body as Record<string, unknown>), row.decisions);
    return true;
  }

  #decided(told: Intervention): void {
    this.pending = pendingAfter(this.pending, told);
    const row = this.#rows.get(told.agent);
    if (row === undefined) return;
    this.#set(row, this.pending.filter(({ agent }) => agent === row.id).length);
  }

  #set(row: FleetRow, decisions: number): void {
    this.#rows.set(row.id, standing(row, decisions));
    this.#sorted = undefined;
  }
}

function standing(row: FleetRow, decisions: number): Row {
  return { ...row, decisions, urgency: urgency(row, decisions), group: groupOf(row, decisions) };
}

function countByAgent(pending: readonly Intervention[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { agent } of pending) counts.set(agent, (counts.get(agent) ?? 0) + 1);
  return counts;
}
