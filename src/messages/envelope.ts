import { z } from 'zod';
import { ERROR_CODES } from './errors.js';

/** A message to an actor, as it travels on `vigil.actor.<kind>.<id>`. */
export const ActorRequest = z.object({
  /** Name of the message in the actor's protocol. */
  type: z.string().min(1).max(64),
  /** Milliseconds for which the sender waits; an older message is not handled. Relative, because clocks differ. */
  ttl: z.number().positive().optional(),
  /** Placement revision that the sender goes by (fencing token); an actor of another revision refuses. */
  epoch: z.number().int().positive().optional(),
  /**
   * The sender also listens on the parent of its reply subject, for several answers in one message:
   * `[[last token of the reply subject, reply], …]`.
   */
  many: z.boolean().optional(),
  body: z.unknown().optional(),
});
export type ActorRequest = z.infer<typeof ActorRequest>;

/** The answer when it is an error. */
export const ActorError = z.object({ error: z.object({ code: z.enum(ERROR_CODES), message: z.string() }) });

/** The answer, on the request's reply subject. */
export const ActorReply = z.union([
  z.object({
    ok: z.unknown().refine((value) => value !== undefined),
    /** Placement revision of the actor that answered. */
    epoch: z.number().int().positive().optional(),
  }),
  ActorError,
]);

/** Message type with which a sender takes an open request back; its body names the request's reply subject. */
export const CANCEL = '$cancel';

/** Message type that every actor answers by being there; nothing of its behaviour is run. */
export const ALIVE = '$alive';

/** `vigil.ended.<kind>.<id>`. */
export const ActorEnded = z.object({ reason: z.enum(['stopped', 'given_up']) });
export type ActorEnded = z.infer<typeof ActorEnded>;
