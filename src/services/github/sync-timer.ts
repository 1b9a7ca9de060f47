import { newId } from '../../messages/ids.js';
import type { Store } from '../../store/store.js';
import type { RequestRunner } from '../request-runner.js';

/** Syncs now and at each interval, while there is something to sync; one that comes while another runs is skipped. */
export class SyncTimer {
  readonly #store: Store;
  readonly #runner: RequestRunner;
  readonly #failed: (error: unknown) => void;
  readonly #timer: NodeJS.Timeout | undefined;
  #running = false;

  /** @param intervalMs 0: never. */
  constructor(store: Store, runner: RequestRunner, intervalMs: number, failed: (error: unknown) => void) {
    this.#store = store;
    this.#runner = runner;
    this.#failed = failed;
    if (intervalMs === 0) return;
    this.#timer = setInterval(() => this.#tick(), intervalMs);
    this.#tick();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    if (this.#running || this.#store.repositories.all().length === 0) return;
    this.#running = true;
    this.#sync()
      .catch(this.#failed)
      .finally(() => {
        this.#running = false;
      });
  }

  async #sync(): Promise<void> {
    const id = newId();
    await this.#runner.accept(id, 'schedule', { kind: 'sync', payload: {} });
    await this.#runner.run(id);
  }
}
