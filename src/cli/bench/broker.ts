import { createInbox } from 'nats';
import type { Client } from '../client.js';
import { judged, type Measure, quantile } from './measure.js';

const BENCH = 'broker';
const ROUND_TRIPS = 1_000;
const MAX_MS = 1_000;
const MESSAGES = 20_000;
const BATCH = 500;
const BYTES = 1_024;
const FAR = 'a broker on the same machine or network answers sooner; see whether its machine is busy';

/** Round trips and throughput of the running broker, over subjects that only this connection hears. */
export async function benchBroker({ connection, url }: Client): Promise<Measure[]> {
  const subject = createInbox('_INBOX');
  const payload = new Uint8Array(BYTES);
  let received = 0;
  let heard: (() => void) | undefined;
  const subscription = connection.subscribe(subject, {
    callback: (error, message) => {
      if (error !== null) return;
      received++;
      if (message.reply !== undefined && message.reply !== '') message.respond(payload);
      heard?.();
    },
  });
  try {
    await connection.flush();
    const times: number[] = [];
    const endsAt = performance.now() + MAX_MS;
    while (times.length < ROUND_TRIPS && performance.now() < endsAt) {
      const began = performance.now();
      await connection.request(subject, payload, { timeout: MAX_MS * 5 });
      times.push(performance.now() - began);
    }
    received = 0;
    let sent = 0;
    const began = performance.now();
    while (sent < MESSAGES && performance.now() - began < MAX_MS) {
      for (let i = 0; i < BATCH; i++) connection.publish(subject, payload);
      sent += BATCH;
      await connection.flush();
    }
    await new Promise<void>((resolve) => {
      heard = () => {
        if (received >= sent) resolve();
      };
      heard();
    });
    const seconds = (performance.now() - began) / 1_000;
    return [
      judged(
        {
          bench: BENCH,
          name: 'round trip',
          value: quantile(times, 0.5),
          unit: 'ms',
          detail: `median of ${times.length} requests at ${url}, 99 % within ${quantile(times, 0.99).toFixed(2)} ms`,
        },
        { good: 2, slow: 20, mend: FAR },
      ),
      judged(
        {
          bench: BENCH,
          name: 'throughput',
          value: sent / seconds,
          unit: 'messages/s',
          detail: `${sent} messages of ${BYTES} bytes there and back`,
        },
        { good: 10_000, slow: 2_000, mend: FAR },
      ),
    ];
  } finally {
    subscription.unsubscribe();
  }
}
