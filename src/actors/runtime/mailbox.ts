/**
 * A bounded first-in first-out queue on a ring buffer. The ring starts small and doubles up to the bound, so an idle
 * actor costs next to nothing.
 *
 * Invariant: the `length` entries from `head` (modulo ring size) are the queued messages, oldest first.
 */
export class Mailbox<T> {
  readonly capacity: number;
  #ring: (T | undefined)[] = [];
  #head = 0;
  #length = 0;

  constructor(capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1)
      throw new RangeError(`mailbox capacity: expected 1 or more, got ${capacity}`);
    this.capacity = capacity;
  }

  get length(): number {
    return this.#length;
  }

  /** False when full: the message was not taken. */
  push(message: T): boolean {
    if (this.#length === this.capacity) return false;
    if (this.#length === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#length) % this.#ring.length] = message;
    this.#length++;
    return true;
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const message = this.#ring[this.#head];
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) % this.#ring.length;
    this.#length--;
    if (this.#length === 0) this.#release();
    return message;
  }

  #grow(): void {
    const size = Math.min(this.capacity, Math.max(4, this.#ring.length * 2));
    const ring = new Array<T | undefined>(size);
    for (let i = 0; i < this.#length; i++) ring[i] = this.#ring[(this.#head + i) % this.#ring.length];
    this.#ring = ring;
    this.#head = 0;
  }

  /** A burst must not keep its memory once it is over: thousands of actors are idle most of the time. */
  #release(): void {
    this.#head = 0;
    if (this.#ring.length > 16) this.#ring = [];
  }
}
