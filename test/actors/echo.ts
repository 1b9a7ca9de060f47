import { z } from 'zod';
import type { Behaviour } from '../../src/actors/runtime/behaviour.js';
import type { Bus } from '../../src/actors/runtime/bus.js';
import { Cell } from '../../src/actors/runtime/cell.js';
import { systemClock } from '../../src/actors/runtime/clock.js';
import { type Gate, gate } from './until.js';

const PROTOCOL = {
  echo: { request: z.object({ value: z.unknown().optional() }), reply: z.unknown() },
  sized: { request: z.object({ chars: z.number().int().min(0).max(2_000_000) }), reply: z.string() },
  hold: { request: z.object({ name: z.string().default('') }), reply: z.string() },
};

/** An actor behind a subject, with what the test needs to hold it. */
export interface Echo {
  readonly cell: Cell<null, typeof PROTOCOL>;
  /** By the name in the message; opened, the handler answers. */
  readonly held: Map<string, Gate<string>>;
  readonly signals: Map<string, AbortSignal>;
  readonly crashes: Error[];
}

/** An actor that answers what it is sent, or holds its answer back. */
export async function serveEcho(
  bus: Bus,
  subject: string,
  options: { mailbox?: number; epoch?: () => number | undefined } = {},
): Promise<Echo> {
  const held = new Map<string, Gate<string>>();
  const signals = new Map<string, AbortSignal>();
  const crashes: Error[] = [];
  const behaviour: Behaviour<null, typeof PROTOCOL> = {
    kind: 'echo',
    protocol: PROTOCOL,
    start: () => null,
    on: {
      echo: (_state, { value }) => value,
      sized: (_state, { chars }) => 'x'.repeat(chars),
      hold: (_state, { name }, { signal }) => {
        const own = gate<string>();
        held.set(name, own);
        signals.set(name, signal);
        return own.promise;
      },
    },
  };
  const cell = new Cell(behaviour, 'e', { mailbox: options.mailbox ?? 1_000, clock: systemClock });
  await cell.start((error) => crashes.push(error));
  bus.serve(subject, cell, options.epoch);
  await bus.connection.flush();
  return { cell, held, signals, crashes };
}
