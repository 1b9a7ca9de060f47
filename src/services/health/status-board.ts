import type { Verdict } from '../../actors/guardian.js';
import type { HeartbeatBook } from '../../health/heartbeat-book.js';
import { type Signs, statusOf } from '../../health/status.js';
import type { AgentStatus, AgentStatusChanged, AgentStatusName } from '../../messages/health.js';
import { newId } from '../../messages/ids.js';
import type { HealthSettings } from '../../settings/health.js';
import type { StatusRow } from '../../store/statuses.js';
import type { Publishing } from '../events.js';

export interface BoardParts extends Publishing {
  readonly book: HeartbeatBook;
  readonly settings: HealthSettings;
  /** Silent, and nobody answers for it. */
  isGone(agent: string): boolean;
}

/** What each agent does now, out of all that is known of it; a change is told once. */
export class StatusBoard {
  readonly #parts: BoardParts;
  readonly #verdicts = new Map<string, NonNullable<Signs['verdict']>>();
  readonly #rows = new Map<string, StatusRow>();
  readonly #timer: NodeJS.Timeout;

  constructor(parts: BoardParts) {
    this.#parts = parts;
    const { store, settings } = parts;
    for (const { agent, at, phase, steeringType, waitsFor, lastEventAt } of store.verdicts.latest())
      this.#verdicts.set(agent, {
        at,
        phase,
        steeringType: steeringType ?? undefined,
        waitsFor: waitsFor ?? undefined,
        lastEventAt: timeOf(lastEventAt ?? undefined),
      });
    for (const row of store.statuses.all()) this.#rows.set(row.agent, row);
    this.#timer = setInterval(() => this.check(), settings.statusMs);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  judged({ analysis }: Verdict): void {
    const { agent, phase, steeringType, waitsFor, lastEventAt } = analysis;
    const at = Date.now();
    this.#verdicts.set(agent, { at, phase, steeringType, waitsFor, lastEventAt: timeOf(lastEventAt) });
  }

  forget(agent: string): void {
    this.#verdicts.delete(agent);
    this.#rows.delete(agent);
  }

  /** @param registeredAt epoch milliseconds, for an agent that nothing is known of. */
  of(agent: string, registeredAt: number): AgentStatus {
    const now = Date.now();
    const fused = this.#fuse(agent, now);
    const row = this.#rows.get(agent);
    // One that has just changed is told with the next check.
    const since = row?.state === fused.state ? row.since : row === undefined ? registeredAt : now;
    return toStatus({ agent, ...fused, since }, now);
  }

  /** Everybody's status, in one pass. */
  check(): void {
    const now = Date.now();
    const changed: { row: StatusRow; previous: AgentStatusName }[] = [];
    const agents = new Set(this.#verdicts.keys());
    for (const { agent } of this.#parts.book.all()) agents.add(agent);
    for (const agent of agents) {
      const before = this.#rows.get(agent);
      const fused = this.#fuse(agent, now);
      if (before?.state === fused.state) continue;
      const row = { agent, ...fused, since: now };
      this.#rows.set(agent, row);
      changed.push({ row, previous: before?.state ?? 'unknown' });
    }
    if (changed.length > 0) this.#tell(changed, now);
  }

  #tell(changed: readonly { row: StatusRow; previous: AgentStatusName }[], now: number): void {
    const { store, subjects, wakeOutbox, failed } = this.#parts;
    const at = new Date(now).toISOString();
    store
      .write(() => {
        store.statuses.put(changed.map(({ row }) => row));
        for (const { row, previous } of changed) {
          if (row.state === previous) continue;
          const body: AgentStatusChanged = { at, agent: row.agent, status: toStatus(row, now), previous };
          store.outbox.add(`status-${newId()}`, subjects.agentEvent(row.agent, row.state), body);
        }
      })
      .then(wakeOutbox, failed);
  }

  #fuse(agent: string, now: number) {
    const { book, settings, isGone } = this.#parts;
    const pulse = book.get(agent);
    const silent = pulse?.level === 'unresponsive';
    const heartbeat = pulse && {
      at: pulse.seenAt,
      state: pulse.beat.state,
      ended: pulse.beat.ended,
      exitCode: pulse.beat.exitCode,
      silent,
      gone: silent && isGone(agent),
    };
    return statusOf({ heartbeat, verdict: this.#verdicts.get(agent) }, now, settings);
  }
}

function timeOf(text: string | undefined): number | undefined {
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

function toStatus({ state, source, since, at }: StatusRow, now: number): AgentStatus {
  return {
    state,
    source,
    since: new Date(since).toISOString(),
    at: at === null ? null : new Date(at).toISOString(),
    // A clock that was set back makes no negative age.
    ageMs: at === null ? null : Math.max(0, Math.round(now - at)),
  };
}
