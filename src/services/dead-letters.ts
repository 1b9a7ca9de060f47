import { newId } from '../messages/ids.js';
import type { DeadLetter } from '../messages/results.js';
import type { Subjects } from '../messages/subjects.js';
import type { Store } from '../store/store.js';

/** Most dead letters that are published in a second: a storm of them must not become a storm of its own. */
const MAX_PER_SECOND = 50;

export interface DeadLettersOptions {
  readonly store: Store;
  readonly subjects: Subjects;
  wakeOutbox(): void;
  failed(error: unknown): void;
}

/** Counts the messages that nobody could take, and publishes them. */
export class DeadLetters {
  readonly #options: DeadLettersOptions;
  #count = 0;
  #second = 0;
  #inSecond = 0;

  constructor(options: DeadLettersOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#count;
  }

  readonly add = (letter: Omit<DeadLetter, 'at'>): void => {
    this.#count++;
    const now = Date.now();
    const second = Math.floor(now / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#inSecond = 0;
    }
    if (this.#inSecond++ >= MAX_PER_SECOND) return;
    const { store, subjects, wakeOutbox, failed } = this.#options;
    const body: DeadLetter = { at: new Date(now).toISOString(), ...letter };
    store
      .write(() => store.outbox.add(`dead-${newId(now)}`, subjects.deadLetter, body))
      .then(wakeOutbox, failed);
  };
}
