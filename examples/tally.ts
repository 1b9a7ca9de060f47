import { z } from 'zod';
import type { Behaviour } from '../src/actors/runtime/behaviour.js';

/** Counts votes, and starts over when nobody has voted for a minute. */
const PROTOCOL = {
  vote: { request: z.object({ for: z.string().min(1) }), reply: z.object({ votes: z.number() }) },
  result: { request: z.object({}), reply: z.record(z.string(), z.number()) },
  close: { request: z.object({ generation: z.number() }), reply: z.null() },
} as const;

interface State {
  readonly votes: Map<string, number>;
  generation: number;
}

export const tally: Behaviour<State, typeof PROTOCOL> = {
  kind: 'tally',
  protocol: PROTOCOL,
  start: () => ({ votes: new Map(), generation: 0 }),
  on: {
    vote: (state, body, context) => {
      const votes = (state.votes.get(body.for) ?? 0) + 1;
      state.votes.set(body.for, votes);
      state.generation++;
      context.after(60_000, 'close', { generation: state.generation });
      return { votes };
    },
    result: (state) => Object.fromEntries(state.votes),
    close: (state, { generation }) => {
      if (generation === state.generation) state.votes.clear();
      return null;
    },
  },
};
