import t from 'tap';
import { Load } from '../../src/pool/load.js';
import { poolFigures } from '../../src/pool/open-pools.js';
import { createPool, type Pool, type PoolOptions } from '../../src/pool/pool.js';
import type { OddInput } from './odd.worker.js';

const WORKER = new URL('./odd.worker.js', import.meta.url);

function oddPool(
  t: { teardown(clean: () => Promise<void>): void },
  options: Partial<PoolOptions> = {},
): Pool<OddInput, unknown> {
  const pool = createPool<OddInput, unknown>({ worker: WORKER, threads: 2, ...options });
  t.teardown(() => pool.close());
  return pool;
}

/** [tasks started, let go] */
function newGate(): { readonly buffer: SharedArrayBuffer; readonly view: Int32Array; open(): void } {
  const buffer = new SharedArrayBuffer(8);
  const view = new Int32Array(buffer);
  const open = (): void => {
    Atomics.store(view, 1, 1);
    Atomics.notify(view, 1);
  };
  return { buffer, view, open };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** The pool runs tasks, on as many threads as it should have. */
async function expectHealthy(
  t: { same(found: unknown, wanted: unknown, message: string): unknown },
  pool: Pool<OddInput, unknown>,
): Promise<void> {
  const gate = newGate();
  const held = [1, 2].map((value) => pool.run({ do: 'hold', value, gate: gate.buffer }));
  await until(() => Atomics.load(gate.view, 0) === 2);
  gate.open();
  t.same(await Promise.all(held), [1, 2], 'two tasks at the same time');
}

t.test('a task runs in a thread and its result comes back', async (t) => {
  const pool = oddPool(t);
  t.same(await pool.run({ do: 'echo', value: { a: [1] } }), { value: { a: [1] }, inMainThread: false });
  const results = await Promise.all(
    Array.from({ length: 50 }, (_, value) => pool.run({ do: 'echo', value })),
  );
  t.equal(results.length, 50);
  await expectHealthy(t, pool);
});

t.test('buffers are handed over, not copied', async (t) => {
  const pool = oddPool(t);
  const bytes = new Uint8Array([1, 2, 3]);
  t.match(await pool.run({ do: 'echo', value: bytes }, { transfer: [bytes.buffer] }), {
    value: new Uint8Array([1, 2, 3]),
  });
  t.equal(bytes.byteLength, 0);
});

t.test('a full queue answers BUSY at once, and what waits is still run', async (t) => {
  const pool = oddPool(t, { threads: 1, maxQueue: 2 });
  const gate = newGate();
  const held = pool.run({ do: 'hold', value: 'held', gate: gate.buffer });
  const waiting = [pool.run({ do: 'echo', value: 1 }), pool.run({ do: 'echo', value: 2 })];
  await t.rejects(pool.run({ do: 'echo' }), { code: 'BUSY', message: /1 tasks running, 2 waiting/ });
  t.match(pool.figures, { name: 'odd', threads: 1, running: 1, waiting: 2, bytes: 0 });
  t.match(poolFigures(), [{ name: 'odd', running: 1, waiting: 2 }], 'told with the others of the process');
  gate.open();
  t.equal(await held, 'held');
  t.match(await Promise.all(waiting), [{ value: 1 }, { value: 2 }]);
  t.match(pool.figures, { running: 0, waiting: 0, bytes: 0 });
  t.ok(pool.figures.utilisation > 0);
  await pool.close();
  t.same(poolFigures(), [], 'one that is closed is told of no more');
});

t.test('bytes that were handed over count until their task is done, also of one that waits', async (t) => {
  const pool = oddPool(t, { threads: 1 });
  const gate = newGate();
  const held = pool.run({ do: 'hold', value: 'held', gate: gate.buffer });
  const bytes = new Uint8Array(1_000);
  const waiting = pool.run({ do: 'echo', value: bytes }, { transfer: [bytes.buffer] });
  t.equal(pool.figures.bytes, 1_000);
  gate.open();
  await Promise.all([held, waiting]);
  t.equal(pool.figures.bytes, 0);
});

t.test('the load of a pool is the busy share of the last half minute, old shares fading', async (t) => {
  let now = 0;
  const load = new Load(() => now);
  load.set(0.5);
  now += 300_000;
  t.equal(load.average.toFixed(3), '0.500');
  load.set(0);
  now += 30_000;
  t.equal(load.average.toFixed(3), (0.5 / Math.E).toFixed(3));
  load.set(1);
  now += 1_000_000;
  t.ok(load.average <= 1);
});

t.test('a task that hangs is ended with TIMEOUT, the others finish, the pool stays whole', async (t) => {
  const pool = oddPool(t, { timeoutMs: 5_000 });
  const hung = pool.run({ do: 'spin' });
  const others = Array.from({ length: 10 }, (_, value) => pool.run({ do: 'echo', value }));
  await t.rejects(hung, { code: 'TIMEOUT', message: /longer than 5000 ms/ });
  t.equal((await Promise.all(others)).length, 10);
  await expectHealthy(t, pool);
  t.equal(pool.figures.threads, 2);
});

t.test('a thread that dies is replaced: its task is tried again, once', async (t) => {
  const pool = oddPool(t);
  await pool.run({ do: 'echo' });
  const once = newGate();
  t.equal(await pool.run({ do: 'exit-once', gate: once.buffer }), 'second time');
  const always = newGate();
  await t.rejects(pool.run({ do: 'exit', gate: always.buffer }), {
    code: 'CRASHED',
    message: /worker thread died/,
  });
  t.equal(Atomics.load(always.view, 0), 2, 'two attempts');
  await t.rejects(pool.run({ do: 'later' }), { code: 'CRASHED', message: /nobody catches this/ });
  await expectHealthy(t, pool);
  t.equal(pool.figures.threads, 2);
});

t.test('a task whose buffers were handed over is not tried again', async (t) => {
  const pool = oddPool(t);
  const gate = newGate();
  const transfer = [new ArrayBuffer(8)];
  await t.rejects(pool.run({ do: 'exit', value: transfer[0], gate: gate.buffer }, { transfer }), {
    code: 'CRASHED',
  });
  t.equal(Atomics.load(gate.view, 0), 1);
  await expectHealthy(t, pool);
});

t.test('a task that needs more memory than it may ends its thread only', async (t) => {
  const pool = oddPool(t, { memoryLimitMb: 128 });
  t.match(await pool.run({ do: 'echo', value: 1 }), { value: 1 });
  await t.rejects(pool.run({ do: 'hoard' }), { code: 'CRASHED', message: /memory/ });
  await expectHealthy(t, pool);
});

t.test('what a handler throws keeps its code, or is CRASHED', async (t) => {
  // A second thread would be ended while it loads, at which Node 20 can abort where a loader of the tests' runner is in it.
  const pool = oddPool(t, { threads: 1 });
  await t.rejects(pool.run({ do: 'refuse' }), { code: 'NOT_FOUND', message: 'no such thing' });
  await t.rejects(pool.run({ do: 'throw' }), { code: 'CRASHED', message: 'out of range' });
});

t.test('what cannot be cloned is BAD_REPLY, going or coming', async (t) => {
  const pool = oddPool(t);
  await t.rejects(pool.run({ do: 'function' }), { code: 'BAD_REPLY', message: /cannot be sent/ });
  await t.rejects(pool.run({ do: 'echo', value: () => 1 }), { code: 'BAD_REPLY', message: /cannot be sent/ });
  await expectHealthy(t, pool);
});

t.test('a signal takes a task back, waiting or running', async (t) => {
  const pool = oddPool(t, { threads: 1 });
  const gate = newGate();
  const running = new AbortController();
  const waiting = new AbortController();
  const first = pool.run({ do: 'hold', gate: gate.buffer }, { signal: running.signal });
  const second = pool.run({ do: 'echo' }, { signal: waiting.signal });
  await until(() => Atomics.load(gate.view, 0) === 1);
  waiting.abort();
  await t.rejects(second, { code: 'CANCELLED' });
  running.abort();
  await t.rejects(first, { code: 'CANCELLED' });
  await t.rejects(pool.run({ do: 'echo' }, { signal: AbortSignal.abort() }), { code: 'CANCELLED' });
  t.match(await pool.run({ do: 'echo', value: 'on' }), { value: 'on' });
});

t.test('closing lets the running task finish and cancels those that wait', async (t) => {
  const pool = createPool<OddInput, unknown>({ worker: WORKER, threads: 1 });
  const gate = newGate();
  const running = pool.run({ do: 'hold', value: 'kept', gate: gate.buffer });
  const waiting = pool.run({ do: 'echo' });
  await until(() => Atomics.load(gate.view, 0) === 1);
  const closed = pool.close();
  await t.rejects(waiting, { code: 'CANCELLED' });
  gate.open();
  t.equal(await running, 'kept');
  await closed;
  await t.rejects(pool.run({ do: 'echo' }), { code: 'UNAVAILABLE' });
});

t.test('a worker file that does not load is said so', async (t) => {
  const missing = createPool<unknown, unknown>({
    worker: new URL('./no-such.worker.js', import.meta.url),
    threads: 1,
  });
  t.teardown(() => missing.close());
  await t.rejects(missing.run(1), { code: 'CRASHED', message: /no-such/ });
  await t.rejects(missing.run(1), { code: 'CRASHED', message: /does not start.*no-such/s });
});
