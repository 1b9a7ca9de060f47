import { isMainThread } from 'node:worker_threads';
import { VigilError } from '../../src/messages/errors.js';
import { task } from '../../src/pool/task.js';

/** Worker fixture: does what the input says, mostly badly. `gate` shows that a task has started, and holds it. */
export interface OddInput {
  readonly do:
    | 'echo'
    | 'exit'
    | 'exit-once'
    | 'spin'
    | 'hold'
    | 'hoard'
    | 'throw'
    | 'refuse'
    | 'function'
    | 'later';
  readonly value?: unknown;
  readonly gate?: SharedArrayBuffer;
}

export default task(async (input: OddInput): Promise<unknown> => {
  const gate = input.gate === undefined ? undefined : new Int32Array(input.gate);
  if (gate !== undefined) Atomics.add(gate, 0, 1);
  switch (input.do) {
    case 'exit':
      return process.exit(3);
    case 'exit-once':
      return gate !== undefined && Atomics.load(gate, 0) === 1 ? process.exit(3) : 'second time';
    case 'spin':
      for (;;);
    case 'hold':
      if (gate !== undefined) Atomics.wait(gate, 1, 0);
      return input.value;
    case 'hoard': {
      const hoard: number[][] = [];
      for (;;) hoard.push(Array.from({ length: 100_000 }, (_, index) => index * 1.5));
    }
    case 'throw':
      throw new RangeError('out of range');
    case 'refuse':
      throw new VigilError('NOT_FOUND', 'no such thing');
    case 'function':
      return () => 1;
    case 'later':
      setImmediate(() => {
        throw new Error('nobody catches this');
      });
      return await new Promise(() => undefined);
    default:
      return { value: input.value, inMainThread: isMainThread };
  }
});
