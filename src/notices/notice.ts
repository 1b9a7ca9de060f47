import { z } from 'zod';

/** Why a person is told. `storm`: many agents at once, in one notice. */
export const NoticeReason = z.enum([
  'waiting',
  'approval',
  'escalated',
  'held',
  'crashed',
  'stuck',
  'budget',
  'done',
  'storm',
]);
export type NoticeReason = z.infer<typeof NoticeReason>;

/** What a webhook gets. */
export const Notice = z.object({
  id: z.string().describe('The same in each try: whoever gets it twice can tell.'),
  at: z.string().describe('ISO time.'),
  kind: z.enum(['raised', 'cleared']).describe('`cleared`: nobody needs to look any more, `text` says why.'),
  reason: NoticeReason,
  agents: z.array(z.string()).describe('At most 20; none when it concerns the fleet.'),
  count: z.number().int().nonnegative().describe('Of agents concerned.'),
  text: z.string().describe('One line for a person.'),
});
export type Notice = z.infer<typeof Notice>;

/** A way to a person. */
export interface NoticeSink {
  /** Takes it at once; how it gets there is its own matter. */
  send(notice: Notice): void;
  /** Gives what is under way a moment. */
  close(): Promise<void>;
}
