import fc from 'fast-check';
import { VigilError } from '../../src/messages/errors.js';
import type { TaskState } from '../../src/messages/tasks.js';
import { BACKOFF_MS, LEASE_MS, type ModelTask, type QueueModel } from './queue-model.js';
import type { QueueUnderTest } from './queues.js';

export type Command = fc.AsyncCommand<QueueModel, QueueUnderTest>;

export function equal(real: unknown, expected: unknown, what: string): void {
  const [got, wanted] = [JSON.stringify(real), JSON.stringify(expected)];
  if (got !== wanted) throw new Error(`${what}: got ${got}, expected ${wanted}`);
}

/** Each step moves time on, acts on both, and compares the whole record with the model. */
export function command(
  name: string,
  act: (model: QueueModel, real: QueueUnderTest) => Promise<void>,
): Command {
  return {
    check: () => true,
    run: async (model, real) => {
      await act(model, real);
      compare(model, real);
    },
    toString: () => name,
  };
}

function compare(model: QueueModel, { store, queue }: QueueUnderTest): void {
  const { tasks } = store.tasks.queries.list({ after: 0, limit: 1_000 });
  const told = (id: string, state: TaskState, open: number, failures: number) =>
    `${id} ${state} ${open} ${failures}`;
  equal(
    tasks.map((each) => told(each.id, each.state, each.openDependencies, each.failures)),
    model.all.map((each) => told(each.id, each.state, model.open(each).length, each.failures)),
    'record',
  );
  const { graph } = queue.keeper;
  for (const task of model.all) {
    if (task.state === 'done') continue;
    const isOpen = task.state !== 'failed' && task.state !== 'cancelled';
    equal(graph.isReady(task.id), isOpen && model.open(task).length === 0, `graph: ${task.id} is ready`);
    equal(graph.blockedBy(task.id).sort(), model.open(task).sort(), `graph: ${task.id} waits for`);
  }
}

export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'fine';
  } catch (error) {
    if (error instanceof VigilError) return error.code;
    throw error;
  }
}

export function pick<T>(from: readonly T[], at: number): T | undefined {
  return from[at % Math.max(1, from.length)];
}

export const place = fc.nat(1_000);

const add = fc
  .array(
    fc.record({
      deps: fc.array(place, { maxLength: 3 }),
      retries: fc.nat(2),
      needs: fc.constantFrom<readonly string[]>([], [], ['gpu']),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .chain((specs) =>
    fc.constantFrom('plain', 'plain', 'plain', 'cycle', 'missing').map((kind) =>
      command(`add ${specs.length} ${kind}`, async (model, real) => {
        const first = model.next;
        const names = specs.map((_, i) => `t${first + i}`);
        const known = [...model.tasks.keys()];
        const tasks = specs.map(({ deps, retries, needs }, i) => ({
          id: names[i] as string,
          title: 'x',
          priority: 'medium' as const,
          capabilities: [...needs],
          maxRetries: retries,
          dependsOn: deps.flatMap((at) => pick([...known, ...names.slice(i + 1)], at) ?? []),
        }));
        if (kind === 'cycle') {
          // The first waits for the last, and that one for the first.
          tasks[0]?.dependsOn.push(names.at(-1) as string);
          tasks.at(-1)?.dependsOn.push(names[0] as string);
        }
        if (kind === 'missing') tasks[0]?.dependsOn.push('nobody');
        const expected = { plain: 'fine', cycle: 'CONFLICT', missing: 'NOT_FOUND' }[kind];
        equal(await codeOf(real.queue.add(tasks)), expected, 'add');
        if (kind !== 'plain') return;
        model.next += specs.length;
        for (const { id, dependsOn, maxRetries, capabilities } of tasks)
          model.add(id, [...new Set(dependsOn)], maxRetries, capabilities);
        model.ready();
      }),
    ),
  );

const claim = fc
  .record({ agent: fc.constantFrom('a', 'b', 'c'), limit: fc.integer({ min: 1, max: 4 }), gpu: fc.boolean() })
  .map(({ agent, limit, gpu }) =>
    command(`claim ${limit} by ${agent}`, async (model, real) => {
      model.settle();
      const capabilities = gpu ? ['gpu', 'more'] : [];
      const fits = model.all.filter(
        (task) => task.state === 'ready' && task.capabilities.every((each) => capabilities.includes(each)),
      );
      const got = await real.leases.claim({ agent, limit, capabilities });
      equal(got.length, Math.min(limit, fits.length), 'number of claimed tasks');
      const scores = got.map(({ score }) => score);
      equal(
        scores,
        [...scores].sort((one, other) => other - one),
        'best first',
      );
      for (const { id, token } of got) {
        const task = fits.find((each) => each.id === id);
        if (task === undefined) throw new Error(`${id} was handed out, and was not ready`);
        if (task.state !== 'ready') throw new Error(`${id} was handed out twice`);
        if (model.open(task).length > 0) throw new Error(`${id} was handed out before its dependencies`);
        if (task.old.some((old) => old >= token)) throw new Error(`the token of ${id} did not grow`);
        Object.assign(task, { state: 'claimed', agent, token, leaseUntil: model.awake + LEASE_MS });
      }
    }),
  );

/** A verb of an agent on a task that was claimed at some time, with its present token or an old one. */
function verb(
  name: string,
  run: (real: QueueUnderTest, held: { id: string; token: number }) => Promise<string>,
  change: (model: QueueModel, task: ModelTask) => void,
): fc.Arbitrary<Command> {
  return fc.record({ at: place, stale: fc.integer({ min: 0, max: 3 }) }).map(({ at, stale }) =>
    command(name, async (model, real) => {
      const held = model.all.filter((each) => model.isHeld(each));
      const wasHeld = model.all.filter(({ token, old }) => token !== undefined || old.length > 0);
      const task = pick(held.length > 0 && stale < 3 ? held : wasHeld, at);
      if (task === undefined) return;
      const token = (stale === 0 ? task.old.at(-1) : undefined) ?? task.token ?? task.old.at(-1);
      if (token === undefined) return;
      const again = name === 'complete' && task.state === 'done' && task.token === token;
      const may = model.mayChange(task, token);
      equal(await run(real, { id: task.id, token }), may || again ? 'fine' : 'FENCED', `${name} ${task.id}`);
      if (may) change(model, task);
    }),
  );
}

const refusedOr = (work: Promise<{ refused: readonly { error: VigilError }[] }>) =>
  work.then(({ refused }) => refused[0]?.error.code ?? 'fine');
const none = { complete: [], fail: [], release: [] };

const verbs: fc.Arbitrary<Command>[] = [
  verb(
    'start',
    (real, held) => codeOf(real.leases.start(held, undefined)),
    (model, task) => {
      task.state = 'running';
      task.leaseUntil = model.awake + LEASE_MS;
    },
  ),
  verb(
    'heartbeat',
    (real, held) => refusedOr(real.leases.extend([held], undefined)),
    (model, task) => {
      task.leaseUntil = model.awake + LEASE_MS;
    },
  ),
  verb(
    'complete',
    (real, held) => refusedOr(real.leases.batch({ ...none, complete: [{ ...held, result: { ok: true } }] })),
    (model, task) => {
      task.state = 'done';
      model.ready();
    },
  ),
  verb(
    'fail',
    (real, held) => refusedOr(real.leases.batch({ ...none, fail: [{ ...held, reason: 'no', retry: true }] })),
    (model, task) => model.failed(task, true, BACKOFF_MS * 2 ** task.failures),
  ),
  verb(
    'give up',
    (real, held) =>
      refusedOr(real.leases.batch({ ...none, fail: [{ ...held, reason: 'no', retry: false }] })),
    (model, task) => model.failed(task, false, 0),
  ),
  verb(
    'release',
    (real, held) => refusedOr(real.leases.batch({ ...none, release: [held] })),
    (model, task) => {
      model.over(task);
      task.state = 'ready';
    },
  ),
];

const cancel = fc.record({ at: place, dependants: fc.boolean() }).map(({ at, dependants }) =>
  command('cancel', async (model, real) => {
    const task = pick(model.all, at);
    if (task === undefined) return;
    const ids = dependants ? model.behind([task.id]) : new Set([task.id]);
    const hit = model.all.filter(
      ({ id, state }) => ids.has(id) && !['done', 'failed', 'cancelled'].includes(state),
    );
    equal(
      (await real.queue.cancel([task.id], dependants, 'no')).sort(),
      hit.map(({ id }) => id).sort(),
      'cancelled',
    );
    for (const each of hit) {
      if (model.isHeld(each)) model.over(each);
      each.state = 'cancelled';
      each.notBefore = undefined;
    }
  }),
);

const retry = place.map((at) =>
  command('retry', async (model, real) => {
    const task = pick(model.all, at);
    if (task === undefined) return;
    const may = task.state === 'failed' || task.state === 'cancelled';
    equal(await real.queue.retry([task.id]), may ? [task.id] : [], 'retried');
    if (!may) return;
    task.failures = 0;
    task.state = 'pending';
    model.ready();
  }),
);

const wait = fc.constantFrom(100, 400, 1_100).map((ms) =>
  command(`wait ${ms}`, async (model, real) => {
    real.time += ms;
    model.awake += ms;
  }),
);

const sweep = fc.constant(
  command('sweep', async (model, real) => {
    if (model.all.some((task) => model.isHeld(task))) model.noted = Math.max(model.noted, model.awake);
    model.settle();
    await real.leases.sweep();
  }),
);

/** With a request under way that is not on the disk yet: it leaves nothing. */
const kill = fc.boolean().map((busy) =>
  command('kill', async (model, real) => {
    // It fails with the database that it was for, or not at all.
    if (busy)
      real.queue
        .add([{ id: 'lost', title: 'x', priority: 'low', capabilities: [], dependsOn: [] }])
        .catch(() => {});
    await real.kill();
    model.awake = model.noted;
  }),
);

const prune = fc.constant(
  command('prune', async (model, real) => {
    await real.queue.prune(Date.now() + 60_000);
    model.forget();
  }),
);

const score = fc.constant(
  command('score', async (_model, real) => {
    await real.queue.scores.pass(3, Date.now());
  }),
);

/** @param more further kinds of commands. */
export function commands(
  maxCommands: number,
  more: readonly fc.Arbitrary<Command>[],
): fc.Arbitrary<Iterable<Command>> {
  return fc.commands(
    [
      add,
      add,
      claim,
      claim,
      ...verbs,
      verbs[2] as fc.Arbitrary<Command>,
      cancel,
      retry,
      wait,
      sweep,
      kill,
      score,
      prune,
      ...more,
    ],
    {
      maxCommands,
      size: 'max',
    },
  );
}

/** Everything that can still be done is done in the end: no task is lost. */
export async function finish(model: QueueModel, real: QueueUnderTest): Promise<void> {
  real.time += 1_000_000;
  model.awake += 1_000_000;
  for (;;) {
    model.settle();
    const tasks = await real.leases.claim({ agent: 'last', limit: 100, capabilities: ['gpu'] });
    if (tasks.length === 0) break;
    const { refused } = await real.leases.batch({
      ...none,
      complete: tasks.map(({ id, token }) => ({ id, token })),
    });
    equal(refused, [], 'refused');
    for (const { id } of tasks) (model.tasks.get(id) as ModelTask).state = 'done';
    model.ready();
  }
  const stuck = model.all
    .filter(({ state }) => state === 'failed' || state === 'cancelled')
    .map(({ id }) => id);
  const behind = model.behind(stuck);
  for (const { id, state } of model.all)
    if (state !== 'done' && !behind.has(id)) throw new Error(`${id} is left ${state}`);
  compare(model, real);
}
