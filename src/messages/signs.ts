import { z } from 'zod';
import { Id } from './ids.js';

/** What the end of a log says that an agent does. */
export const LogStanding = z.enum(['working', 'waiting_input', 'waiting_permission', 'finished']);
export type LogStanding = z.infer<typeof LogStanding>;

/** A look at the end of a log: less than a verdict, and sooner there. */
export const LogSign = z.object({
  standing: LogStanding,
  events: z.number().int().nonnegative().describe('Events read: a sign of fewer is an older one.'),
  lastEventAt: z.string().optional().describe('ISO time of the newest one.'),
  summary: z.string(),
  recommendation: z.string().optional(),
});
export type LogSign = z.infer<typeof LogSign>;

/** What the hosts tell the supervisor between two cycles. */
export const SIGNS_PROTOCOL = {
  sign: {
    /** `epoch`: the placement under which the log was looked at; under another one it counts for nothing. */
    request: z.object({ agent: Id, epoch: z.number().int(), sign: LogSign }),
    reply: z.object({}),
  },
} as const;
