import type { Verdict } from '../../actors/guardian.js';
import type { HeartbeatBook } from '../../health/heartbeat-book.js';
import { type Fused, hookStands, type Signs, statusOf, type Waits } from '../../health/status.js';
import type {
  AgentAcknowledged,
  AgentFailure,
  AgentStatus,
  AgentStatusChanged,
  AgentStatusName,
} from '../../messages/health.js';
import { newId } from '../../messages/ids.js';
import type { LogSign } from '../../messages/signs.js';
import type { HealthSettings } from '../../settings/health.js';
import type { StatusRow } from '../../store/statuses.js';
import type { Publishing } from '../events.js';
import { EndedAgents } from './ended-agents.js';
import { failureOf } from './failure.js';

export interface BoardParts extends Publishing {
  readonly book: HeartbeatBook;
  readonly settings: HealthSettings;
  /** Silent, and nobody answers for it. */
  isGone(agent: string): boolean;
}

type Heard = NonNullable<Signs['log']> & { readonly events: number };

/** How long what is on its way may take: a verdict of a model, above all. */
const OVERTAKEN_MS = 60_000;
/** An end that its runner told this lately. */
const JUST_ENDED_MS = 60_000;

/** What each agent does now, out of all that is known of it; a change is told once. */
export class StatusBoard {
  readonly #parts: BoardParts;
  readonly #verdicts = new Map<string, NonNullable<Signs['verdict']>>();
  /** What the ends of logs have said since the last start. */
  readonly #signs = new Map<string, Heard>();
  readonly #hooks = new Map<string, NonNullable<Signs['hook']>>();
  readonly #rows = new Map<string, StatusRow>();
  readonly #ends: EndedAgents;
  readonly #timer: NodeJS.Timeout;

  constructor(parts: BoardParts) {
    this.#parts = parts;
    const { store, settings } = parts;
    this.#ends = new EndedAgents(parts);
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
    const { agent, phase, needsSteering, waitsFor, lastEventAt, eventCount } = analysis;
    const steeringType = needsSteering && !this.hasEnded(agent) ? analysis.steeringType : undefined;
    if (this.isOvertaken(agent, eventCount)) return;
    const at = Date.now();
    const sign = this.#signs.get(agent);
    // A sign that is still on its way is of before.
    if (sign !== undefined) this.#signs.set(agent, { ...sign, events: eventCount });
    this.#verdicts.set(agent, { at, phase, steeringType, waitsFor, lastEventAt: timeOf(lastEventAt) });
  }

  /** @returns false when a verdict knows more of the log. */
  signed(agent: string, { standing, events, lastEventAt }: LogSign): boolean {
    const at = Date.now();
    const known = this.#signs.get(agent);
    if (known !== undefined && events < known.events && at - known.at < OVERTAKEN_MS) return false;
    this.#signs.set(agent, { at, standing, events, lastEventAt: timeOf(lastEventAt) });
    if (this.hasEnded(agent)) this.#past(agent);
    return true;
  }

  /** Whether its runner said that its process ended, and nobody goes on with its log. */
  hasEnded(agent: string): boolean {
    return this.#saidEnd(agent) && this.#fuse(agent, Date.now()).source === 'process';
  }

  #saidEnd(agent: string): boolean {
    return this.#parts.book.get(agent)?.beat?.state === 'exited';
  }

  /** Of an agent whose program failed, by its runner. */
  failure(agent: string): AgentFailure | undefined {
    const beat = this.#parts.book.get(agent)?.beat;
    return beat && failureOf(agent, beat);
  }

  /** A hook of its session says that a person has to do something. */
  noted(agent: string, standing: Waits): void {
    this.#hooks.set(agent, { at: Date.now(), standing });
  }

  /** Whether what a hook said still stands, by the newest event of the log. */
  isHeld(agent: string, lastEventAt: string | undefined): boolean {
    const hook = this.#hooks.get(agent);
    return hook !== undefined && hookStands(hook.at, timeOf(lastEventAt) ?? Number.NEGATIVE_INFINITY);
  }

  isOvertaken(agent: string, events: number): boolean {
    const sign = this.#signs.get(agent);
    // An actor that had to begin anew may count fewer events for ever.
    return sign !== undefined && events < sign.events && Date.now() - sign.at < OVERTAKEN_MS;
  }

  forget(agent: string): void {
    this.#signs.delete(agent);
    this.#hooks.delete(agent);
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
    const unseen = row?.state === fused.state && row.unseen;
    return toStatus({ agent, ...fused, since, unseen }, now);
  }

  /**
   * A person knows that they have ended.
   *
   * @param agents undefined: everybody.
   * @returns those that had ended unseen, once that is on the disk.
   */
  async acknowledge(agents: readonly string[] | undefined): Promise<string[]> {
    const { store, subjects, wakeOutbox } = this.#parts;
    const now = Date.now();
    const wanted = agents ?? [...this.#rows.keys()];
    const rows = wanted
      .map((agent) => this.#rows.get(agent))
      .filter((row) => row?.unseen === true)
      .map((row) => ({ ...(row as StatusRow), unseen: false }));
    if (rows.length === 0) return [];
    await store.write(() => {
      store.statuses.put(rows);
      for (const row of rows) {
        const body: AgentAcknowledged = {
          at: new Date(now).toISOString(),
          agent: row.agent,
          status: toStatus(row, now),
        };
        store.outbox.add(`seen-${newId()}`, subjects.agentEvent(row.agent, 'acknowledged'), body);
      }
    });
    for (const row of rows)
      if (this.#rows.get(row.agent)?.since === row.since) this.#rows.set(row.agent, row);
    wakeOutbox();
    return rows.map(({ agent }) => agent);
  }

  /** Everybody's status, in one pass. */
  check(): void {
    const now = Date.now();
    const changed: { row: StatusRow; previous: AgentStatusName }[] = [];
    const ended = new Set<string>();
    const agents = new Set([...this.#verdicts.keys(), ...this.#signs.keys(), ...this.#hooks.keys()]);
    for (const { agent } of this.#parts.book.all()) agents.add(agent);
    for (const agent of agents) {
      const before = this.#rows.get(agent);
      const fused = this.#fuse(agent, now);
      if (fused.source === 'process' && this.#saidEnd(agent)) ended.add(agent);
      if (before?.state === fused.state) continue;
      const row = { agent, ...fused, since: now, unseen: isUnseen(before, fused, now) };
      this.#rows.set(agent, row);
      changed.push({ row, previous: before?.state ?? 'unknown' });
    }
    for (const agent of this.#ends.look(ended)) this.#past(agent);
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
          const failure = row.state === 'crashed' ? this.failure(row.agent) : undefined;
          const body: AgentStatusChanged = {
            ...{ at, agent: row.agent, status: toStatus(row, now), previous },
            ...(failure === undefined ? {} : { failure }),
          };
          store.outbox.add(`status-${newId()}`, subjects.agentEvent(row.agent, row.state), body);
        }
      })
      .then(wakeOutbox, failed);
  }

  /** What was seen of a process that has ended says nothing of the next one. */
  #past(agent: string): void {
    const verdict = this.#verdicts.get(agent);
    if (verdict !== undefined)
      this.#verdicts.set(agent, { ...verdict, steeringType: undefined, waitsFor: undefined });
    const sign = this.#signs.get(agent);
    if (sign !== undefined) this.#signs.set(agent, { ...sign, standing: 'working' });
    this.#hooks.delete(agent);
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
    const signs = {
      heartbeat,
      verdict: this.#verdicts.get(agent),
      log: this.#signs.get(agent),
      hook: this.#hooks.get(agent),
    };
    return statusOf(signs, now, settings);
  }
}

function timeOf(text: string | undefined): number | undefined {
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

const ENDS: ReadonlySet<AgentStatusName> = new Set(['finished', 'crashed']);

/** Whether it ended before Vigil's eyes. What had ended before it was watched is news to nobody. */
function isUnseen(before: StatusRow | undefined, { state, source, at }: Fused, now: number): boolean {
  if (!ENDS.has(state)) return false;
  if (before !== undefined && ENDS.has(before.state)) return before.unseen;
  if (before !== undefined && before.state !== 'unknown') return true;
  return source === 'process' && at !== null && now - at < JUST_ENDED_MS;
}

function toStatus({ state, source, since, at, unseen }: StatusRow, now: number): AgentStatus {
  return {
    state,
    source,
    since: new Date(since).toISOString(),
    at: at === null ? null : new Date(at).toISOString(),
    // A clock that was set back makes no negative age.
    ageMs: at === null ? null : Math.max(0, Math.round(now - at)),
    unseen,
  };
}
