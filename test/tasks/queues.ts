import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Subjects } from '../../src/messages/subjects.js';
import { TaskLeases } from '../../src/services/tasks/task-leases.js';
import { TaskQueue } from '../../src/services/tasks/task-queue.js';
import { TaskSettings } from '../../src/settings/tasks.js';
import { createStore, type Store } from '../../src/store/store.js';

/** A queue on a real database, with a clock that the test holds, and that can be killed and started again. */
export class QueueUnderTest {
  store!: Store;
  queue!: TaskQueue;
  leases!: TaskLeases;
  reachable = true;
  /** Monotonic milliseconds. */
  time = 0;
  readonly settings: TaskSettings;
  readonly #folder: string;
  #runs = 0;

  private constructor(folder: string, settings: object) {
    this.#folder = folder;
    this.settings = TaskSettings.parse(settings);
  }

  /** @param template data directory with a database to begin with. */
  static async open(settings: object = {}, template?: string): Promise<QueueUnderTest> {
    const folder = mkdtempSync(join(tmpdir(), 'vigil-queue-'));
    const made = new QueueUnderTest(folder, settings);
    if (template !== undefined) cpSync(join(template, 'vigil.db'), join(made.dataDir, 'vigil.db'));
    await made.#start();
    return made;
  }

  get dataDir(): string {
    return join(this.#folder, `run-${this.#runs}`);
  }

  async #start(): Promise<void> {
    this.store = createStore(this.dataDir);
    this.queue = await TaskQueue.open({
      store: this.store,
      subjects: new Subjects(),
      settings: this.settings,
      wakeOutbox: () => {},
      isReachable: () => this.reachable,
      monotonic: () => this.time,
      failed: (error) => {
        throw error;
      },
    });
    this.leases = new TaskLeases(this.queue);
  }

  /** What a kill leaves is what the files hold now: the next run is on a copy of them, taken before anything is closed. */
  async kill(): Promise<void> {
    const { dataDir, store } = this;
    this.#runs++;
    for (const name of ['vigil.db', 'vigil.db-wal'])
      cpSync(join(dataDir, name), join(this.dataDir, name), { force: true });
    await this.queue.scores.close();
    store.close();
    rmSync(dataDir, { recursive: true, force: true });
    await this.#start();
  }

  async close(): Promise<void> {
    await this.queue.close();
    this.store.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
