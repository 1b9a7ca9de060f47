import { newId } from '../messages/ids.js';
import { type Notice, NoticeReason, type NoticeSink } from './notice.js';
import { meaningsOf } from './triggers.js';

export interface NoticesOptions {
  readonly sinks: readonly NoticeSink[];
  /** Reasons of which people want to hear. */
  readonly reasons: readonly NoticeReason[];
  /** Share of the fleet, 0..1, over which many become one. */
  readonly stormShare: number;
  /** Those raised within this time are taken together for that. */
  readonly stormMs: number;
  /** Agents watched now. */
  fleetSize(): number;
  /** The agent is on record. */
  isKnown(agent: string): boolean;
  /** Milliseconds that only grow. */
  monotonic(): number;
}

interface Gathered {
  /** Empty: the fleet. */
  readonly agent: string;
  readonly reason: NoticeReason;
  readonly text: string;
}

const NAMED = 20;
/** Of a small fleet, a few agents are a large share: fewer than this are no storm. */
const STORM_AGENTS = 3;
/** Between what comes together and its notice: a storm must not begin with its first three as single ones. */
const GATHER_MS = 500;

/**
 * Tells people that an agent needs them: once for an agent and reason, until it has gone on. When more than a share of the
 * fleet needs them at once, one notice tells of all, and no further one until it has calmed down.
 */
export class Notices {
  readonly #options: NoticesOptions;
  readonly #reasons: ReadonlySet<NoticeReason>;
  /** What people were told, or are about to be, by agent and reason. */
  readonly #raised = new Set<string>();
  /** To be told. */
  readonly #gathered = new Map<string, Gathered>();
  /** Agents that raised something lately, and when. */
  readonly #recent = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #storm = false;

  constructor(options: NoticesOptions) {
    this.#options = options;
    this.#reasons = new Set(options.reasons);
  }

  /** An event that was published. @param subject below the prefix. */
  heard(subject: string, body: Readonly<Record<string, unknown>>): void {
    for (const meaning of meaningsOf(subject, body)) {
      if (meaning.does === 'raise') this.#raise(meaning);
      else if (meaning.does === 'tell') this.#gather(newId(), meaning);
      else for (const reason of meaning.reasons) this.#clear(meaning.agent, reason, meaning.text);
    }
  }

  /** Agents that were removed from the record. */
  forget(agents: readonly string[]): void {
    for (const agent of agents) {
      for (const reason of NoticeReason.options) this.#clear(agent, reason, 'is watched no longer');
      this.#recent.delete(agent);
    }
  }

  async close(): Promise<void> {
    this.#tell();
    await Promise.all(this.#options.sinks.map((sink) => sink.close()));
  }

  #raise(what: Gathered): void {
    const key = `${what.agent}.${what.reason}`;
    if (!this.#reasons.has(what.reason) || this.#raised.has(key)) return;
    // What was on its way when the agent was removed: nobody would take it back.
    if (what.agent !== '' && !this.#options.isKnown(what.agent)) return;
    this.#raised.add(key);
    this.#gather(key, what);
  }

  #gather(key: string, { agent, reason, text }: Gathered): void {
    if (!this.#reasons.has(reason)) return;
    this.#gathered.set(key, { agent, reason, text });
    this.#timer ??= setTimeout(() => this.#tell(), GATHER_MS);
  }

  #clear(agent: string, reason: NoticeReason, text: string): void {
    const key = `${agent}.${reason}`;
    if (!this.#raised.delete(key)) return;
    // Nobody was told yet: nobody needs to hear that it is over.
    if (this.#gathered.delete(key)) return;
    this.#send('cleared', reason, agent === '' ? [] : [agent], `${agent || 'the fleet'} ${text}`);
  }

  #tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { stormShare, stormMs, fleetSize, monotonic } = this.#options;
    const now = monotonic();
    for (const [agent, at] of this.#recent) if (now - at > stormMs) this.#recent.delete(agent);
    const told = [...this.#gathered.values()];
    this.#gathered.clear();
    for (const { agent } of told) if (agent !== '') this.#recent.set(agent, now);
    const many = this.#recent.size >= STORM_AGENTS && this.#recent.size > stormShare * fleetSize();
    const began = many && !this.#storm;
    this.#storm = many;
    if (began) {
      const agents = [...this.#recent.keys()];
      this.#send('raised', 'storm', agents, `${agents.length} agents of ${fleetSize()} need you at once`);
    }
    for (const { agent, reason, text } of told) {
      if (agent !== '' && many) continue;
      this.#send('raised', reason, agent === '' ? [] : [agent], agent === '' ? text : `${agent} ${text}`);
    }
  }

  #send(kind: Notice['kind'], reason: NoticeReason, agents: readonly string[], text: string): void {
    const notice: Notice = {
      id: newId(),
      at: new Date().toISOString(),
      kind,
      reason,
      agents: agents.slice(0, NAMED),
      count: agents.length,
      text,
    };
    for (const sink of this.#options.sinks) sink.send(notice);
  }
}
