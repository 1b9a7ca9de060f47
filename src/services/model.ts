import { llmBehaviour } from '../actors/llm.js';
import { systemClock } from '../actors/runtime/clock.js';
import { VigilError } from '../messages/errors.js';
import type { ModelCall } from '../messages/llm.js';
import { Completions, type Ledger } from '../model/completions.js';
import type { Settings } from '../settings/schema.js';
import type { Store } from '../store/store.js';

/**
 * The actor that asks the model, with the bounds of the settings and a ledger on record.
 *
 * @throws VigilError BAD_REQUEST when there is neither a key nor a server of one's own.
 */
export function createModelActor(
  judge: Settings['judge'],
  env: Readonly<Record<string, string | undefined>>,
  ledger: Ledger,
  budgetExhausted: (spent: number) => void,
  called: (call: ModelCall) => void,
) {
  // An empty variable is one that is not set.
  const baseUrl = judge.baseUrl ?? (env['OPENAI_BASE_URL'] || undefined);
  const apiKey = env['OPENAI_API_KEY'] || undefined;
  if (apiKey === undefined && baseUrl === undefined) {
    throw new VigilError(
      'BAD_REQUEST',
      'judge.kind is llm, but OPENAI_API_KEY is not set; set it, or judge.baseUrl for a server that needs none',
    );
  }
  // A server of one's own may need no key; the client insists on some text.
  const completions = new Completions({
    baseUrl,
    apiKey: apiKey ?? 'none',
    model: judge.model,
    limits: judge,
    ledger,
    clock: systemClock,
    budgetExhausted,
    called,
    traceContent: judge.traceContent,
  });
  return llmBehaviour((request, signal) => completions.complete(request, signal));
}

/** Counts in memory and writes behind: a call is not held up by the disk, and a crash forgets one call at most. */
export function ledgerOf(store: Store, failed: (error: unknown) => void): Ledger {
  const dayNow = () => new Date().toISOString().slice(0, 10);
  let day = dayNow();
  let spent = store.spend.of(day);
  const turn = () => {
    if (day === dayNow()) return;
    day = dayNow();
    spent = store.spend.of(day);
  };
  return {
    today: () => {
      turn();
      return spent;
    },
    add: (tokens) => {
      turn();
      spent += tokens;
      const on = day;
      store.write(() => store.spend.add(on, tokens)).catch(failed);
    },
  };
}
