import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { messageOf, VigilError } from '../messages/errors.js';
import type { PoolFigures } from '../messages/figures.js';
import { Load } from './load.js';
import { enlist } from './open-pools.js';
import { isTaskReply, type TaskReply } from './task.js';

export interface PoolOptions {
  /** The worker file; its default export is made with `task()`. */
  readonly worker: URL;
  /** Worker threads; the machine's cores by default. */
  readonly threads?: number;
  /** Tasks that may wait for a thread; one more is refused with BUSY. Default 1024. */
  readonly maxQueue?: number;
  /** Milliseconds a task may run (its wait not counted, the start of its thread counted); then its thread is ended. Default 30 s. */
  readonly timeoutMs?: number;
  /** Heap of one thread in MiB; a task that needs more ends its thread. Default: Node's own. */
  readonly memoryLimitMb?: number;
}

export interface RunOptions {
  /** Buffers to hand over instead of copying. They are gone here afterwards, so such a task is never retried. */
  readonly transfer?: readonly ArrayBuffer[];
  /** Takes the task back, waiting or running. */
  readonly signal?: AbortSignal;
}

export interface Pool<In, Out> {
  /**
   * Runs one task in a worker thread.
   *
   * @throws VigilError BUSY (queue full), TIMEOUT, CANCELLED (signal, or pool closed while waiting), CRASHED (the
   * handler threw, or its thread died twice), BAD_REPLY (the result cannot be sent), BAD_REQUEST (the input cannot
   * be sent), UNAVAILABLE (pool closed); or whatever VigilError the handler threw.
   */
  run(input: In, options?: RunOptions): Promise<Out>;
  /** Refuses new tasks, cancels those that wait, lets running ones finish within their timeout, ends the threads. */
  close(): Promise<void>;
  readonly figures: PoolFigures;
}

export function createPool<In, Out>(options: PoolOptions): Pool<In, Out> {
  return new PiscinaPool<In, Out>(options);
}

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_QUEUE = 1024;

interface Waiter {
  readonly start: () => void;
  readonly cancel: (error: VigilError) => void;
}

/**
 * The queue is kept here and not in Piscina: Piscina is only handed a task when a thread is free for it. So the time
 * limit counts running time alone, and a full queue is counted the same whether threads are starting or not.
 */
class PiscinaPool<In, Out> implements Pool<In, Out> {
  readonly #options: Required<Omit<PoolOptions, 'memoryLimitMb'>> & Pick<PoolOptions, 'memoryLimitMb'>;
  readonly #waiting: Waiter[] = [];
  readonly #active = new Set<Promise<unknown>>();
  readonly #aborts = new Set<AbortController>();
  #piscina: Piscina;
  #running = 0;
  readonly #load = new Load();
  readonly #delist: () => void;
  /** Handed over with the tasks that run or wait. */
  #bytes = 0;
  #closed = false;
  /** Why a thread died last; the next failure of a task says it. */
  #lastDeath: unknown;
  #completed = 0;

  constructor(options: PoolOptions) {
    this.#options = {
      threads: availableParallelism(),
      maxQueue: DEFAULT_MAX_QUEUE,
      timeoutMs: DEFAULT_TIMEOUT_MS,
      ...options,
    };
    this.#piscina = this.#start();
    this.#delist = enlist(this);
  }

  get figures(): PoolFigures {
    return {
      name: basename(this.#options.worker.pathname).replace(/\.worker\.\w+$/, ''),
      threads: this.#piscina.threads.length,
      running: this.#running,
      waiting: this.#waiting.length,
      utilisation: Math.min(1, this.#load.average),
      bytes: this.#bytes,
    };
  }

  async run(input: In, options: RunOptions = {}): Promise<Out> {
    // Their length is gone with the buffers.
    const bytes = (options.transfer ?? []).reduce((sum, { byteLength }) => sum + byteLength, 0);
    this.#bytes += bytes;
    try {
      await this.#slot(options.signal);
      return await this.#inSlot(input, options);
    } finally {
      this.#bytes -= bytes;
    }
  }

  async #inSlot(input: In, options: RunOptions): Promise<Out> {
    const work = this.#runWithRetry(input, options);
    this.#active.add(work);
    try {
      return await work;
    } finally {
      this.#active.delete(work);
      this.#release();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#delist();
    const cancelled = new VigilError('CANCELLED', 'the pool was closed while the task waited');
    for (const waiter of this.#waiting.splice(0)) waiter.cancel(cancelled);
    await Promise.allSettled(this.#active);
    await this.#piscina.destroy();
  }

  #start(): Piscina {
    const { threads, worker, memoryLimitMb } = this.#options;
    const piscina = new Piscina({
      filename: fileURLToPath(worker),
      minThreads: threads,
      maxThreads: threads,
      recordTiming: false,
      ...(memoryLimitMb !== undefined && { resourceLimits: { maxOldGenerationSizeMb: memoryLimitMb } }),
    });
    // A thread that dies without a task has nobody else to tell.
    piscina.on('error', (error) => {
      this.#lastDeath = error;
      if (piscina === this.#piscina && piscina.threads.length === 0) this.#abandon();
    });
    return piscina;
  }

  /** No thread is left and Piscina starts none: what it still holds would wait for ever. */
  #abandon(): void {
    const reason = this.#doesNotStart();
    for (const abort of this.#aborts) abort.abort(reason);
  }

  #doesNotStart(): VigilError {
    const why = messageOf(this.#lastDeath ?? 'it ends at once');
    return new VigilError('CRASHED', `the worker ${this.#options.worker.href} does not start: ${why}`);
  }

  /** Waits for a free thread. */
  #slot(signal: AbortSignal | undefined): Promise<void> {
    if (this.#closed) return Promise.reject(new VigilError('UNAVAILABLE', 'the pool is closed'));
    if (signal?.aborted === true) return Promise.reject(takenBack());
    if (this.#running < this.#options.threads) {
      this.#setRunning(this.#running + 1);
      return Promise.resolve();
    }
    if (this.#waiting.length >= this.#options.maxQueue) {
      const message = `the pool is full: ${this.#running} tasks running, ${this.#waiting.length} waiting`;
      return Promise.reject(new VigilError('BUSY', message));
    }
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(takenBack());
      };
      const settled = (): void => signal?.removeEventListener('abort', onAbort);
      const waiter: Waiter = {
        start: () => {
          settled();
          resolve();
        },
        cancel: (error) => {
          settled();
          reject(error);
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(waiter);
    });
  }

  /** Hands the thread to the next one waiting. */
  #release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#setRunning(this.#running - 1);
    else next.start();
  }

  #setRunning(running: number): void {
    this.#running = running;
    this.#load.set(running / this.#options.threads);
  }

  async #runWithRetry(input: In, options: RunOptions): Promise<Out> {
    try {
      return await this.#runOnce(input, options);
    } catch (error) {
      if (!(error instanceof ThreadDied)) throw error;
      const mayRetry = !this.#closed && (options.transfer ?? []).length === 0;
      if (!mayRetry) throw error.toVigilError();
      return await this.#runOnce(input, options).catch((again: unknown) => {
        throw again instanceof ThreadDied ? again.toVigilError() : again;
      });
    }
  }

  async #runOnce(input: In, { transfer = [], signal }: RunOptions): Promise<Out> {
    this.#restoreThreads();
    const abort = new AbortController();
    this.#aborts.add(abort);
    const onAbort = (): void => abort.abort(takenBack());
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted === true) onAbort();
    const { timeoutMs } = this.#options;
    const timer = setTimeout(() => {
      abort.abort(new VigilError('TIMEOUT', `the task ran longer than ${timeoutMs} ms`));
    }, timeoutMs);
    try {
      const reply: unknown = await this.#piscina.run(input, {
        signal: abort.signal,
        transferList: [...transfer],
      });
      this.#completed += 1;
      return unwrap<Out>(reply);
    } catch (error) {
      if (abort.signal.aborted && !(error instanceof VigilError)) throw abort.signal.reason;
      throw this.#explain(error);
    } finally {
      clearTimeout(timer);
      this.#aborts.delete(abort);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  #explain(error: unknown): Error {
    if (error instanceof VigilError) return error;
    if (isCloneFailure(error)) {
      const detail = error instanceof Error ? `: ${error.message}` : '';
      return new VigilError('BAD_REPLY', `the task's input or result cannot be sent${detail}`, {
        cause: error,
      });
    }
    this.#lastDeath = error;
    return new ThreadDied(error);
  }

  /**
   * Piscina replaces a thread that dies, but stops doing so for good when a replacement dies before it is ready. A
   * pool that has worked before is then started anew; one that never has cannot start at all.
   */
  #restoreThreads(): void {
    if (this.#piscina.threads.length >= this.#options.threads) return;
    const alive = this.#piscina.threads.length > 0;
    if (!alive && this.#completed === 0) throw this.#doesNotStart();
    // While others run on the threads that are left, the pool stays as it is.
    if (this.#completed === 0 || (alive && this.#running > 1)) return;
    const worn = this.#piscina;
    this.#completed = 0;
    this.#piscina = this.#start();
    void worn.destroy();
  }
}

/** The thread ended under the task: `process.exit`, out of memory, an error nobody caught. */
class ThreadDied extends Error {
  constructor(cause: unknown) {
    super(messageOf(cause), { cause });
  }

  toVigilError(): VigilError {
    return new VigilError('CRASHED', `the worker thread died: ${this.message}`, { cause: this.cause });
  }
}

/**
 * A value that cannot be cloned is a `DataCloneError` here; thrown in a worker, that error cannot be cloned itself and
 * arrives as an empty object, from Node 22 on as an error that says nothing.
 */
function isCloneFailure(error: unknown): boolean {
  if (error instanceof Error) return error.name === 'DataCloneError' || error.message === '';
  return typeof error === 'object' && error !== null && Object.keys(error).length === 0;
}

function takenBack(): VigilError {
  return new VigilError('CANCELLED', 'the task was taken back');
}

function unwrap<Out>(reply: unknown): Out {
  if (!isTaskReply(reply)) {
    throw new VigilError('BAD_REPLY', 'the worker answered with no task reply: export default task(handler)');
  }
  if (!reply.ok) throw new VigilError(reply.code, reply.message);
  // The type of a worker's result is what its file declares; it cannot be checked across threads.
  const { value } = reply as Extract<TaskReply<Out>, { ok: true }>;
  // Piscina holds a finished task until the next full collection, and with it this reply: emptied, so that what a
  // task has given dies young.
  Object.assign(reply, { value: undefined });
  return value;
}
