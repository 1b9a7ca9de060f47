import { z } from 'zod';

const MaxConcurrent = z.number().int().min(1).max(1_000);
const DeadlineMs = z.number().int().min(1).max(86_400_000);

/**
 * At most this many agents can be named in one request; all active ones are meant by naming none. A name that is no
 * valid id is that item's failure and not the request's: the others are analysed.
 */
const AgentIds = z.array(z.string()).min(1).max(20_000);

/** Payloads of `vigil.trigger.<kind>` and of the requests of the same name. */
export const TRIGGERS = {
  analyze: z.strictObject({
    agents: AgentIds.optional().describe('Which agents; all active ones when absent.'),
    force: z
      .boolean()
      .optional()
      .describe('Analyse also those whose log has not changed since their last analysis.'),
    maxConcurrent: MaxConcurrent.optional(),
    deadlineMs: DeadlineMs.optional().describe('For the whole request, milliseconds.'),
  }),
  emergency: z.strictObject({
    agents: AgentIds,
    reason: z.string().max(2_000).optional(),
    deadlineMs: DeadlineMs.optional(),
  }),
  cycle: z.strictObject({ deadlineMs: DeadlineMs.optional() }),
  coherence: z.strictObject({ deadlineMs: DeadlineMs.optional() }),
  sync: z.strictObject({
    repos: z
      .array(z.string())
      .min(1)
      .max(1_000)
      .optional()
      .describe('Which repositories (owner/name) of those on record; all of them when absent.'),
    maxConcurrent: MaxConcurrent.optional(),
    deadlineMs: DeadlineMs.optional(),
  }),
} as const;

export type TriggerKind = keyof typeof TRIGGERS;
export type TriggerPayload<K extends TriggerKind> = z.infer<(typeof TRIGGERS)[K]>;

/** A trigger that was understood: its kind with its payload. */
export type Trigger = {
  [K in TriggerKind]: { readonly kind: K; readonly payload: TriggerPayload<K> };
}[TriggerKind];

export function isTriggerKind(kind: string): kind is TriggerKind {
  return Object.hasOwn(TRIGGERS, kind);
}
