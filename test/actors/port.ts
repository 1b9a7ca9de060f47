import type { ReplyPort } from '../../src/actors/runtime/cell.js';
import type { VigilError } from '../../src/messages/errors.js';

/** The other end of a message: keeps its answer and counts how often it was given one. */
export class Port implements ReplyPort {
  answers = 0;
  value: unknown;
  error: VigilError | undefined;
  cancelled = false;
  onCancel: (() => void) | undefined;

  ok(body: unknown): void {
    this.answers++;
    this.value = body;
  }

  fail(error: VigilError): void {
    this.answers++;
    this.error = error;
  }

  /** As the bus does it when the sender takes the message back. */
  cancel(): void {
    this.cancelled = true;
    this.onCancel?.();
  }

  /** The answer in one word: its value, its error code, or that it is open. */
  get outcome(): unknown {
    if (this.answers === 0) return 'open';
    if (this.answers > 1) return `answered ${this.answers} times`;
    return this.error?.code ?? this.value;
  }
}
