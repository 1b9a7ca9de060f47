import fc from 'fast-check';
import t from 'tap';
import { z } from 'zod';
import { type Behaviour, Later } from '../../src/actors/runtime/behaviour.js';
import { Cell } from '../../src/actors/runtime/cell.js';
import { VigilError } from '../../src/messages/errors.js';
import { FakeClock, settled } from './fake-clock.js';
import { Port } from './port.js';
import { type Gate, gate } from './until.js';

const KINDS = ['sync', 'async', 'later', 'timer', 'refuse', 'crash', 'leave', 'unfit', 'unknown'] as const;
type Kind = (typeof KINDS)[number];

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      kind: fc.constantFrom(...KINDS),
      ttl: fc.constantFrom(5, 1_000),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('open' as const),
      which: fc.nat(),
      how: fc.constantFrom('value', 'error', 'refusal', 'abort'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), which: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 20 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('restart' as const), slow: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stop' as const), drainMs: fc.constantFrom(0, 10) }) },
);
const steps = fc.array(step, { maxLength: 40, size: 'max' });
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const REQUEST = z.object({ n: z.number() });
const PROTOCOL = Object.fromEntries(
  KINDS.filter((kind) => kind !== 'unknown').map((kind) => [kind, { request: REQUEST, reply: z.unknown() }]),
);

class Run {
  readonly clock = new FakeClock();
  readonly cell: Cell<{ readonly incarnation: number }, typeof PROTOCOL>;
  readonly ports: Port[] = [];
  readonly #gates: Gate<unknown>[] = [];
  readonly #faults: string[] = [];
  readonly #handled: number[] = [];
  #active = 0;
  #incarnation = 0;
  #slowStart = false;
  #freed = 0;
  #reports = 0;

  constructor() {
    const turn = <T>(work: () => T): T => {
      if (this.#active !== 0) this.#faults.push('two turns at once');
      this.#active++;
      try {
        return work();
      } finally {
        this.#active--;
      }
    };
    const note = (n: number) => {
      if ((this.#handled.at(-1) ?? -1) >= n && n >= 0) this.#faults.push(`${n} was handled out of order`);
      if (n >= 0) this.#handled.push(n);
    };
    const handle = (kind: Kind): Behaviour<unknown, typeof PROTOCOL>['on'][string] => {
      return (_state, body, context) =>
        turn(() => {
          note((body as { n: number }).n);
          if (kind === 'refuse') throw new VigilError('CONFLICT', 'no');
          if (kind === 'crash') throw new Error('boom');
          if (kind === 'leave') context.stop();
          if (kind === 'timer') context.after(7, 'sync', { n: -1 });
          if (kind === 'async') return this.#asyncTurn(context.signal);
          if (kind === 'later')
            return Later.of(
              () => this.#wait(),
              (value) => turn(() => value),
            );
          return null;
        });
    };
    const behaviour: Behaviour<{ incarnation: number }, typeof PROTOCOL> = {
      kind: 'any',
      protocol: PROTOCOL,
      start: async () => {
        if (this.#slowStart) await this.#wait().catch(() => {});
        return { incarnation: ++this.#incarnation };
      },
      on: Object.fromEntries(KINDS.map((kind) => [kind, handle(kind)])),
      end: () => {
        this.#freed++;
      },
    };
    this.cell = new Cell(behaviour, 'x', { mailbox: 3, clock: this.clock });
  }

  /** A handler that waits keeps its turn until it goes on, or until the cell was stopped over its head. */
  async #asyncTurn(signal: AbortSignal): Promise<unknown> {
    this.#active++;
    try {
      return await this.#wait();
    } finally {
      if (this.cell.state !== 'stopped' || !signal.aborted) this.#active--;
    }
  }

  #wait(): Promise<unknown> {
    const own = gate<unknown>();
    this.#gates.push(own);
    return own.promise;
  }

  async take(each: Step): Promise<void> {
    switch (each.do) {
      case 'send': {
        const port = new Port();
        const n = this.ports.push(port) - 1;
        this.cell.deliver(each.kind, each.kind === 'unfit' ? 'unfit' : { n }, port, each.ttl);
        break;
      }
      case 'open':
        this.#open(each.which, each.how);
        break;
      case 'cancel':
        this.ports
          .filter((port) => port.answers === 0)
          .at(each.which % 3)
          ?.cancel();
        break;
      case 'pass':
        await this.clock.advance(each.ms);
        break;
      case 'restart':
        this.#restart(each.slow);
        break;
      case 'stop':
        this.cell.stop(each.drainMs).catch((error: unknown) => this.#faults.push(String(error)));
        break;
    }
    await settled();
  }

  #restart(slow: boolean): void {
    if (this.cell.state !== 'idle' && this.cell.state !== 'crashed') return;
    // As the supervisor does it: only once the crash has been reported.
    if (this.#reports !== this.#incarnation) return;
    this.#slowStart = slow;
    const incarnation = this.#incarnation + 1;
    let told = false;
    const started = this.cell.start(() => {
      if (told || incarnation !== this.#incarnation) this.#faults.push('a crash was reported twice');
      told = true;
      this.#reports++;
    });
    started.catch((error: unknown) => this.#faults.push(String(error)));
  }

  #open(which: number, how: string): void {
    const own = this.#gates.splice(which % Math.max(1, this.#gates.length), 1)[0];
    if (how === 'value') own?.open('value');
    else if (how === 'error') own?.fail(new Error('boom'));
    else if (how === 'refusal') own?.fail(new VigilError('NOT_FOUND', 'none'));
    else own?.fail(new DOMException('aborted', 'AbortError'));
  }

  fault(): string | undefined {
    if (this.#faults.length > 0) return this.#faults[0];
    const twice = this.ports.findIndex((port) => port.answers > 1);
    return twice < 0 ? undefined : `message ${twice} was answered ${this.ports[twice]?.answers} times`;
  }

  async end(): Promise<string | undefined> {
    const stopped = this.cell.stop(10);
    await this.clock.advance(20);
    await stopped;
    const open = this.ports.findIndex((port) => port.answers !== 1);
    if (open >= 0) return `message ${open} was never answered`;
    while (this.#gates.length > 0) this.#open(0, 'value');
    await settled();
    await this.clock.advance(1_000);
    if (this.clock.pending > 0) return `${this.clock.pending} timers are left`;
    if (this.#freed !== this.#incarnation)
      return `${this.#incarnation} states were made, ${this.#freed} freed`;
    return this.cell.depth === 0 ? undefined : 'something is left in it';
  }
}

t.test('in any order of events: turns never overlap, and each message is answered exactly once', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const run = new Run();
      for (const each of all) {
        await run.take(each);
        const fault = run.fault();
        if (fault !== undefined) throw new Error(fault);
      }
      const fault = (await run.end()) ?? run.fault();
      if (fault !== undefined) throw new Error(fault);
    }),
    { numRuns: 4_000 },
  );
});
