import type { Tokens } from '../../messages/agent-event.js';
import { countOf, type JsonObject } from '../json-value.js';
import type { Draft } from './format.js';

/** What one OpenHands record comes to: its events, `skipped` for bookkeeping, `unknown` for what is neither. */
export type Reading = readonly Draft[] | 'skipped' | 'unknown';

/** What is known of a session between two ranges. A JSON value. */
export interface SessionState {
  /** [id that a result names, tool, call id] of calls without a result. */
  readonly calls: readonly (readonly [string, string, string])[];
  /** Running totals. */
  readonly spent: Spent;
  /** A person asked for something. */
  readonly asked: boolean;
}

type Spent = {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly cost: number;
};

const NOTHING_SPENT: Spent = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, cost: 0 };

export const NEW_SESSION: SessionState = { calls: [], spent: NOTHING_SPENT, asked: false };

/** Calls without a result yet that are remembered. */
const MAX_OPEN_CALLS = 1024;

/** Calls of one session with their results, and its running token count. */
export class Session {
  asked: boolean;
  readonly #calls: Map<string, readonly [string, string]>;
  #spent: Spent;

  constructor(state: SessionState) {
    this.asked = state.asked;
    this.#spent = state.spent;
    this.#calls = new Map(state.calls.map(([id, tool, callId]) => [id, [tool, callId]]));
  }

  get state(): SessionState {
    const calls = [...this.#calls].slice(-MAX_OPEN_CALLS);
    return {
      calls: calls.map(([id, [tool, callId]]) => [id, tool, callId]),
      spent: this.#spent,
      asked: this.asked,
    };
  }

  opened(id: string, tool: string, callId: string): void {
    this.#calls.set(id, [tool, callId]);
  }

  /** Tool and id of the call that a result belongs to. */
  closed(id: string | undefined): { readonly tool: string; readonly callId: string } | undefined {
    const call = id === undefined ? undefined : this.#calls.get(id);
    if (id === undefined || call === undefined) return undefined;
    this.#calls.delete(id);
    return { tool: call[0], callId: call[1] };
  }

  /**
   * Tokens since the last count, from running totals. OpenHands counts what came from the cache and went into it as
   * prompt, an event does not. Totals that fall belong to a session that was taken up again: they count whole.
   */
  spend(usage: JsonObject | undefined, cost: unknown): Tokens | undefined {
    if (usage === undefined) return undefined;
    const cacheRead = countOf(usage.cache_read_tokens);
    const cacheWrite = countOf(usage.cache_write_tokens);
    const total: Spent = {
      input: Math.max(0, countOf(usage.prompt_tokens) - cacheRead - cacheWrite),
      output: countOf(usage.completion_tokens),
      cacheRead,
      cacheWrite,
      cost: typeof cost === 'number' && Number.isFinite(cost) && cost > 0 ? cost : 0,
    };
    const before = total.output < this.#spent.output ? NOTHING_SPENT : this.#spent;
    this.#spent = total;
    const grown = (key: keyof Spent): number => Math.max(0, total[key] - before[key]);
    const tokens: Tokens = { input: grown('input'), output: grown('output') };
    if (grown('cacheRead') > 0) tokens.cacheRead = grown('cacheRead');
    if (grown('cacheWrite') > 0) tokens.cacheWrite = grown('cacheWrite');
    if (grown('cost') > 0) tokens.cost = grown('cost');
    return Object.values(tokens).some((count) => count > 0) ? tokens : undefined;
  }
}

/** Input fields that say how a call was run, not what it does. */
const RUN_FIELDS = new Set([
  'kind', 'thought', 'hidden', 'blocking', 'confirmation_state', 'security_risk', 'is_static', 'is_confirmed',
  'impl_source', 'summary', 'timeout', 'wait_for_response',
]); // biome-ignore format: a list

/** What a call was given: its arguments without those that are empty or concern only how it was run. */
export function inputOf(args: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(args).filter(
      ([key, value]) => !RUN_FIELDS.has(key) && value !== null && value !== '' && value !== false,
    ),
  );
}

/** An empty input to a running command only looks at what it has printed since. */
export function isPoll(args: JsonObject): boolean {
  return typeof args.command === 'string' && args.command.trim() === '';
}

/** -1: it still runs. */
export function failed(exitCode: number | undefined): boolean {
  return exitCode !== undefined && exitCode !== 0 && exitCode !== -1;
}
