import { z } from 'zod';
import { Id } from './ids.js';

/** Largest checkpoint that is kept, as text. */
export const MAX_CHECKPOINT_CHARS = 1_048_576;

const Key = z.string().min(1).max(64).describe('What has to be the same for it to be gone on from.');

/**
 * What the record keeps for the agents' actors: how far each has read its logs, and what it had made of them, so that a
 * host that starts does not read everything again.
 */
export const CHECKPOINT_PROTOCOL = {
  load: {
    request: z.object({ agent: Id, key: Key }),
    reply: z.object({ data: z.string().nullable() }),
  },
  /** One that is behind what is kept changes nothing. */
  save: {
    request: z.object({
      agent: Id,
      key: Key,
      events: z.number().int().nonnegative(),
      data: z.string().max(MAX_CHECKPOINT_CHARS),
    }),
    reply: z.object({ saved: z.boolean() }),
  },
} as const;
