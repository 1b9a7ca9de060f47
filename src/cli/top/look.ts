import { setTimeout as wait } from 'node:timers/promises';
import type { AgentEvent } from '../../messages/agent-event.js';
import { messageOf, VigilError } from '../../messages/errors.js';
import type { Intervention } from '../../messages/interventions.js';
import type { ReplyOf, Tail } from '../../messages/requests.js';
import type { Settings } from '../../settings/schema.js';
import type { Client } from '../client.js';

/** What is known of the agent that is looked at. */
export interface Looked {
  readonly agent: string;
  readonly past: ReplyOf<'history.agent'> | undefined;
  /** Newest first. */
  readonly interventions: readonly Intervention[];
  /** Oldest first. */
  readonly events: readonly AgentEvent[];
  readonly notes: readonly string[];
  /** Why its events cannot be read at the moment. */
  readonly trouble: string | undefined;
}

const MAX_EVENTS = 500;
const INTERVENTIONS = 20;
const POINTS = 100;
const TIMEOUT_MS = 10_000;
const POLL_MS = 500;
/** After a question that was not answered. */
const RETRY_MS = 2_000;

export interface LookOptions {
  readonly agent: string;
  /** The client of the moment: another one after the supervisor came back. */
  client(): Client;
  readonly settings: Settings;
  changed(): void;
}

/** Follows one agent for as long as somebody looks at it. */
export class Look {
  readonly #options: LookOptions;
  readonly #ended = new AbortController();
  #looked: Looked;

  constructor(options: LookOptions) {
    this.#options = options;
    const { agent } = options;
    this.#looked = { agent, past: undefined, interventions: [], events: [], notes: [], trouble: undefined };
    void this.#follow();
    this.refresh();
  }

  get looked(): Looked {
    return this.#looked;
  }

  /** Reads the verdict and the interventions anew: something was said of this agent. */
  refresh(): void {
    const { agent, client } = this.#options;
    const asked = client();
    Promise.all([
      asked.request('history.agent', { agent, points: POINTS }, TIMEOUT_MS),
      asked.request('interventions.list', { agent, limit: INTERVENTIONS }, TIMEOUT_MS),
    ]).then(
      ([past, { interventions }]) => this.#set({ past, interventions }),
      (error: unknown) => this.#set({ trouble: messageOf(error) }),
    );
  }

  close(): void {
    this.#ended.abort();
  }

  /** Asks for what is behind the last event seen, as `vigil logs -f` does. */
  async #follow(): Promise<void> {
    const { agent, client, settings } = this.#options;
    const timeoutMs = settings.analysis.itemTimeoutMs + TIMEOUT_MS;
    const { signal } = this.#ended;
    let next = 0;
    let pause = 0;
    while (await passed(pause, signal)) {
      const query = { agent, last: MAX_EVENTS, ...(next > 0 ? { after: next - 1 } : {}) };
      try {
        const tail = await client().request('logs.tail', query, timeoutMs);
        next = this.#take(tail, next);
        pause = POLL_MS;
      } catch (error) {
        const why = error instanceof VigilError ? error.message : `unexpected: ${messageOf(error)}`;
        if (why !== this.#looked.trouble) this.#set({ trouble: why });
        pause = RETRY_MS;
      }
    }
  }

  /** @returns the index that the next event will have. */
  #take(tail: Tail, from: number): number {
    // Its log was replaced, and is another one now.
    const isAnother = tail.next < from;
    if (tail.events.length > 0 || isAnother || this.#looked.trouble !== undefined)
      this.#set({
        events: [...(isAnother ? [] : this.#looked.events), ...tail.events].slice(-MAX_EVENTS),
        notes: tail.notes,
        trouble: undefined,
      });
    return isAnother ? 0 : tail.next;
  }

  #set(change: Partial<Looked>): void {
    if (this.#ended.signal.aborted) return;
    this.#looked = { ...this.#looked, ...change };
    this.#options.changed();
  }
}

/** @returns false when it was ended meanwhile. */
function passed(ms: number, signal: AbortSignal): Promise<boolean> {
  return wait(ms, true, { signal }).catch(() => false);
}
