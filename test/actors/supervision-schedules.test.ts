import fc from 'fast-check';
import t from 'tap';
import { RestartPolicy } from '../../src/actors/runtime/restart-policy.js';
import { Supervisor } from '../../src/actors/runtime/supervision.js';
import { FakeClock, settled } from './fake-clock.js';
import { ProbeChild } from './probe-child.js';

const NAMES = ['a', 'b', 'c', 'd'];
const which = fc.integer({ min: 0, max: NAMES.length - 1 });

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('exit' as const), which, error: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 300 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('start' as const),
      which,
      mode: fc.constantFrom('ok', 'wait', 'fail'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('stopMode' as const),
      which,
      mode: fc.constantFrom('ok', 'hang', 'fail'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('goOn' as const), which, error: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), which }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('add' as const),
      which,
      restart: fc.constantFrom('permanent', 'transient', 'temporary'),
    }),
  },
);

const schedule = fc.record({
  strategy: fc.constantFrom('one_for_one', 'rest_for_one'),
  intensity: fc.constantFrom('supervisor', 'child'),
  maxRestarts: fc.integer({ min: 0, max: 4 }),
  backoffMs: fc.constantFrom(0, 5),
  steps: fc.array(step, { maxLength: 40, size: 'max' }),
});
type Schedule = typeof schedule extends fc.Arbitrary<infer T> ? T : never;

const PERIOD_MS = 400;

class Run {
  readonly clock = new FakeClock();
  readonly all: ProbeChild[] = [];
  readonly present: (ProbeChild | undefined)[] = NAMES.map(() => undefined);
  readonly supervisor: Supervisor;
  /** Times of starts after a child's first, by child. */
  readonly restarts = new Map<ProbeChild, number[]>();
  readonly #rejections: unknown[] = [];
  gaveUp = 0;

  constructor({ strategy, intensity, maxRestarts, backoffMs }: Schedule) {
    this.supervisor = new Supervisor({
      id: 'top',
      strategy: strategy as 'one_for_one',
      intensity: intensity as 'child',
      policy: RestartPolicy.parse({ maxRestarts, periodMs: PERIOD_MS, backoffMs, jitter: 0.5 }),
      clock: this.clock,
      onGiveUp: () => this.gaveUp++,
    });
  }

  async take(each: Schedule['steps'][number]): Promise<void> {
    if (each.do === 'pass') return this.clock.advance(each.ms);
    const child = this.present[each.which];
    switch (each.do) {
      case 'exit':
        child?.exit(each.error ? new Error('crash') : undefined);
        break;
      case 'start':
        if (child !== undefined) child.startMode = each.mode as 'ok';
        break;
      case 'stopMode':
        if (child !== undefined) child.stopMode = each.mode as 'ok';
        break;
      case 'goOn':
        if (each.error) child?.started?.fail(new Error('start failed'));
        else child?.started?.open();
        break;
      case 'remove':
        if (child !== undefined) this.#remove(each.which, child);
        break;
      case 'add':
        if (child === undefined) this.#add(each.which, each.restart as 'permanent');
        break;
    }
    await settled();
  }

  #remove(index: number, child: ProbeChild): void {
    this.supervisor.remove('probe', child.id).then(
      () => {
        if (this.present[index] === child) this.present[index] = undefined;
      },
      (error: unknown) => this.#rejections.push(error),
    );
  }

  #add(index: number, restart: 'permanent' | 'transient' | 'temporary'): void {
    const child = new ProbeChild(NAMES[index] as string, { restart, shutdownMs: 50 });
    const start = child.spec.start;
    const times: number[] = [];
    const spec = {
      ...child.spec,
      start: (exited: (error?: Error) => void) => {
        if (child.starts > 0) times.push(this.clock.monotonic());
        return start(exited);
      },
    };
    this.present[index] = child;
    this.all.push(child);
    this.restarts.set(child, times);
    // Refused when it is stopped meanwhile, or when the one before it is not gone yet.
    this.supervisor.add(spec).catch(() => {
      if (this.present[index] === child) this.present[index] = undefined;
    });
  }

  /** Says what is wrong now, if anything. */
  fault(): string | undefined {
    const twice = this.all.find((child) => child.peak > 1);
    if (twice !== undefined) return `${twice.id} ran twice at once`;
    if (this.#rejections.length > 0) return `a remove rejected: ${this.#rejections[0]}`;
    return undefined;
  }

  async end(): Promise<string | undefined> {
    let ended = false;
    const stopping = this.supervisor.stop().then(() => {
      ended = true;
    });
    await this.clock.advance(50 * (NAMES.length + this.all.length + 1));
    if (!ended) return 'stop did not end';
    await stopping;
    for (const child of this.all) {
      if (child.live > 0) return `${child.id} is alive after the stop`;
    }
    const starts = this.all.map((child) => child.starts).join();
    await this.clock.advance(60_000);
    if (starts !== this.all.map((child) => child.starts).join()) return 'something started after the stop';
    if (this.clock.pending > 0) return `${this.clock.pending} timers are left`;
    return this.gaveUp > NAMES.length * 40 ? 'gave up too often' : undefined;
  }
}

function tooOften(times: readonly number[], most: number): boolean {
  return times.some((from, i) => times.slice(i).filter((at) => at - from < PERIOD_MS).length > most);
}

t.test(
  'in any order of events: no child runs twice, restarts are bounded, after a stop nothing is left',
  async () => {
    await fc.assert(
      fc.asyncProperty(schedule, async (each) => {
        const run = new Run(each);
        for (const one of each.steps) {
          await run.take(one);
          const fault = run.fault();
          if (fault !== undefined) throw new Error(fault);
        }
        const fault = (await run.end()) ?? run.fault();
        if (fault !== undefined) throw new Error(fault);
        // Without a backoff a restart comes when it is decided; with rest for one, siblings start along.
        if (each.backoffMs !== 0 || each.strategy !== 'one_for_one') return;
        const times = [...run.restarts.values()];
        const counted = each.intensity === 'child' ? times : [times.flat().sort((a, b) => a - b)];
        if (counted.some((one) => tooOften(one, each.maxRestarts))) throw new Error('restarted too often');
      }),
      { numRuns: 4_000 },
    );
  },
);
