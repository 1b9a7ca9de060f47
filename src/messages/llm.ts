import { z } from 'zod';
import { Tokens } from './agent-event.js';

/** What the `llm` actor understands: the one place through which all hosts reach the model. */
export const LLM_PROTOCOL = {
  complete: {
    request: z.object({
      /** Whose judgement it is, for the log and the trace. */
      agent: z.string(),
      messages: z
        .array(z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() }))
        .min(1)
        .max(16),
      /** JSON schema that the answer has to fit. */
      schema: z.object({ name: z.string(), schema: z.record(z.string(), z.unknown()) }),
      maxTokens: z.number().int().positive(),
    }),
    reply: z.object({
      text: z.string(),
      model: z.string(),
      usage: Tokens,
      /** The same question was answered before; nothing was spent. */
      cached: z.boolean(),
    }),
  },
} as const;

export type CompletionRequest = z.infer<typeof LLM_PROTOCOL.complete.request>;
export type Completion = z.infer<typeof LLM_PROTOCOL.complete.reply>;

/** One call of the model's server that ended; a question that is asked again is another. */
export interface ModelCall {
  readonly provider: string;
  readonly model: string;
  readonly seconds: number;
  /** Status of the server or code of ours; absent when all went well. */
  readonly errorType?: string;
  readonly usage: Tokens;
}
