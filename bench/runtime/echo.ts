import { z } from 'zod';
import type { Behaviour } from '../../src/actors/runtime/behaviour.js';

const PROTOCOL = {
  ping: { request: z.object({ n: z.number() }), reply: z.object({ n: z.number() }) },
} as const;

/** The smallest actor there is: it answers with what it got. */
export const echo: Behaviour<null, typeof PROTOCOL> = {
  kind: 'echo',
  protocol: PROTOCOL,
  start: () => null,
  on: { ping: (_state, { n }) => ({ n }) },
};
