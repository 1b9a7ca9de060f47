import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database as Handle } from 'better-sqlite3';
import { Subjects } from '../../src/messages/subjects.js';
import { TaskLeases } from '../../src/services/tasks/task-leases.js';
import { TaskQueue } from '../../src/services/tasks/task-queue.js';
import { TaskSettings } from '../../src/settings/tasks.js';
import Database from '../../src/store/sqlite.js';
import { createStore, type Store } from '../../src/store/store.js';
import { peer } from '../peers.js';

/** A queue of a folder of its own that hands out and finishes so many tasks. @returns tasks a second. */
export interface MeasuredQueue {
  readonly name: string;
  readonly note: string;
  measure(tasks: number, batch: number): Promise<number>;
}

/** Who take tasks from Vigil at once. BullMQ is faster with as many jobs at once as stand in a batch than with more. */
const AGENTS = 50;
const perSecond = (n: number, startedAt: number) => n / ((performance.now() - startedAt) / 1_000);

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-bench-tasks-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface OwnQueue {
  readonly store: Store;
  readonly queue: TaskQueue;
  readonly leases: TaskLeases;
}

/** Vigil's queue with so many tasks, ready to be claimed. */
export function withOwnQueue<T>(tasks: number, work: (own: OwnQueue) => Promise<T>): Promise<T> {
  return inFolder(async (folder) => {
    const store = createStore(folder);
    const queue = await TaskQueue.open({
      store,
      subjects: new Subjects(),
      settings: TaskSettings.parse({}),
      wakeOutbox: () => {},
      isReachable: () => true,
      monotonic: () => performance.now(),
      failed: (error) => {
        throw error;
      },
    });
    for (let from = 0; from < tasks; from += 5_000)
      await queue.add(
        Array.from({ length: Math.min(5_000, tasks - from) }, (_, i) => ({
          id: `t${from + i}`,
          title: `Task ${from + i}`,
          capabilities: [],
          priority: 'medium' as const,
          dependsOn: [],
          payload: { n: from + i },
        })),
      );
    try {
      return await work({ store, queue, leases: new TaskLeases(queue) });
    } finally {
      await queue.close();
      store.close();
    }
  });
}

const vigil: MeasuredQueue = {
  name: 'Vigil',
  note: `synchronous=FULL, leases, tokens, an event for each, ${AGENTS} agents`,
  measure: (tasks, batch) =>
    withOwnQueue(tasks, async ({ leases }) => {
      const startedAt = performance.now();
      let done = 0;
      await Promise.all(
        Array.from({ length: AGENTS }, async (_, i) => {
          const claim = { agent: `agent-${i}`, capabilities: [], limit: batch };
          for (let held: { id: string; token: number }[] = []; ; ) {
            const { completed, claimed } = await leases.batch({
              complete: held.map(({ id, token }) => ({ id, token })),
              fail: [],
              release: [],
              claim,
            });
            done += completed.length;
            if (claimed.length === 0) break;
            held = claimed;
          }
        }),
      );
      if (done !== tasks) throw new Error(`${done} of ${tasks}`);
      return perSecond(tasks, startedAt);
    }),
};

interface PlainJob {
  better(database: Handle): unknown;
  defineQueue(options: object): {
    addMany(type: string, data: unknown[]): unknown;
    getAndMarkJobAsProcessing(type: string): { id: number } | undefined;
    getJobById(id: number): unknown;
    markJobAsDone(id: number): void;
    close(): void;
  };
}

const plainjob: MeasuredQueue = {
  name: 'plainjob',
  note: 'SQLite, synchronous=NORMAL, one at a time',
  measure: (tasks) =>
    inFolder(async (folder) => {
      const { better, defineQueue } = peer<PlainJob>('plainjob');
      const quiet = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
      const queue = defineQueue({ connection: better(new Database(join(folder, 'q.db'))), logger: quiet });
      queue.addMany(
        'bench',
        Array.from({ length: tasks }, (_, n) => ({ n })),
      );
      const startedAt = performance.now();
      let done = 0;
      for (let job = queue.getAndMarkJobAsProcessing('bench'); job !== undefined; done++) {
        queue.getJobById(job.id);
        queue.markJobAsDone(job.id);
        job = queue.getAndMarkJobAsProcessing('bench');
      }
      if (done !== tasks) throw new Error(`${done} of ${tasks}`);
      const rate = perSecond(tasks, startedAt);
      queue.close();
      return rate;
    }),
};

interface Liteque {
  SqliteQueue: new (
    name: string,
    db: unknown,
    options: object,
  ) => {
    enqueue(payload: unknown): Promise<unknown>;
    attemptDequeue(options: object): Promise<{ id: number; allocationId: string } | null>;
    finalize(id: number, allocation: string, status: string): Promise<void>;
  };
  migrateDB(db: unknown): void;
}

const liteque: MeasuredQueue = {
  name: 'liteque',
  note: 'SQLite, synchronous=NORMAL, one at a time, with a tenth of the tasks: each claim sorts all of them',
  measure: (all) =>
    inFolder(async (folder) => {
      const tasks = all / 10;
      const { SqliteQueue, migrateDB } = peer<Liteque>('liteque');
      const { drizzle } = peer<{ drizzle(client: unknown): unknown }>('drizzle-orm/better-sqlite3');
      const database = new Database(join(folder, 'q.db'));
      // As its own client sets them.
      for (const pragma of [
        'journal_mode = WAL',
        'synchronous = NORMAL',
        'cache_size = -65536',
        'temp_store = MEMORY',
      ])
        database.pragma(pragma);
      const db = drizzle(database);
      migrateDB(db);
      allowAsyncTransactions(database);
      const queue = new SqliteQueue('bench', db, {
        defaultJobArgs: { numRetries: 1 },
        keepFailedJobs: false,
      });
      database.exec('begin');
      for (let n = 0; n < tasks; n++) await queue.enqueue({ n });
      database.exec('commit');
      const startedAt = performance.now();
      let done = 0;
      for (;;) {
        const job = await queue.attemptDequeue({ timeoutSecs: 60 });
        if (job === null) break;
        await queue.finalize(job.id, job.allocationId, 'completed');
        done++;
      }
      if (done !== tasks) throw new Error(`${done} of ${tasks}`);
      const rate = perSecond(tasks, startedAt);
      database.close();
      return rate;
    }),
};

/** Its transactions are async functions, which better-sqlite3 refuses since; there is one worker, so nothing comes between. */
function allowAsyncTransactions(database: Handle): void {
  const transaction = (action: (...args: unknown[]) => Promise<unknown>) => ({
    deferred: async (...args: unknown[]) => {
      database.exec('begin');
      const value = await action(...args);
      database.exec('commit');
      return value;
    },
  });
  Object.assign(database, { transaction });
}

interface BullMq {
  Queue: new (
    name: string,
    options: object,
  ) => { addBulk(jobs: object[]): Promise<unknown>; close(): Promise<void> };
  Worker: new (
    name: string,
    processor: () => Promise<void>,
    options: object,
  ) => {
    on(event: 'completed', listener: () => void): void;
    run(): Promise<void>;
    waitUntilReady(): Promise<unknown>;
    close(): Promise<void>;
  };
}

const REDIS = ['/usr/bin/redis-server', '/usr/local/bin/redis-server'].find((path) => existsSync(path));

const bullmq: MeasuredQueue = {
  name: 'BullMQ',
  note: 'Redis, no persistence',
  measure: (tasks, batch) =>
    inFolder(async (folder) => {
      const port = await freePort();
      const redis = spawn(
        REDIS as string,
        ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder],
        { stdio: 'ignore' },
      );
      try {
        await answers(port);
        const { Queue, Worker } = peer<BullMq>('bullmq');
        const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
        const queue = new Queue('bench', { connection });
        for (let from = 0; from < tasks; from += 1_000)
          await queue.addBulk(
            Array.from({ length: Math.min(1_000, tasks - from) }, (_, i) => ({
              name: 'x',
              data: { n: from + i },
            })),
          );
        const worker = new Worker('bench', async () => {}, {
          connection,
          concurrency: batch,
          autorun: false,
          removeOnComplete: { count: 0 },
        });
        await worker.waitUntilReady();
        let done = 0;
        const all = new Promise<void>((resolve) => {
          worker.on('completed', () => {
            if (++done === tasks) resolve();
          });
        });
        const startedAt = performance.now();
        const running = worker.run();
        await all;
        const rate = perSecond(tasks, startedAt);
        await worker.close();
        await running;
        await queue.close();
        return rate;
      } finally {
        redis.kill('SIGKILL');
      }
    }),
};

/** Those that can run here. */
export const QUEUES: readonly MeasuredQueue[] = [
  vigil,
  plainjob,
  liteque,
  ...(REDIS === undefined ? [] : [bullmq]),
];
export const HAS_REDIS = REDIS !== undefined;

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

async function answers(port: number): Promise<void> {
  for (;;) {
    const isUp = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
    if (isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
