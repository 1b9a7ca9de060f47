import { newId } from '../messages/ids.js';
import type { RequestRunner } from './request-runner.js';

/** Starts a monitoring cycle at each interval; one that comes while another runs is skipped and counted. */
export class CycleTimer {
  readonly #runner: RequestRunner;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #failed: (error: unknown) => void;
  #run = 0;
  #skipped = 0;

  /** @param intervalMs 0: never. */
  constructor(runner: RequestRunner, intervalMs: number, failed: (error: unknown) => void) {
    this.#runner = runner;
    this.#failed = failed;
    if (intervalMs > 0) this.#timer = setInterval(() => this.#tick(), intervalMs);
  }

  get counts(): { run: number; skipped: number } {
    return { run: this.#run, skipped: this.#skipped };
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    if (this.#runner.inCycle) {
      this.#skipped++;
      return;
    }
    this.#run++;
    this.#cycle().catch(this.#failed);
  }

  async #cycle(): Promise<void> {
    const id = newId();
    await this.#runner.accept(id, 'schedule', { kind: 'cycle', payload: {} });
    await this.#runner.run(id);
  }
}
