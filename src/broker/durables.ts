import { type ConsumerConfig, type ConsumerUpdateConfig, type JetStreamManager, NatsError } from 'nats';
import { orRefused } from './refusals.js';

/** JetStream's own code. */
const CONSUMER_NOT_FOUND = 10_014;

export interface Durable {
  readonly stream: string;
  readonly name: string;
  /** What it has for life. */
  readonly fixed: Partial<ConsumerConfig>;
  /** What settings say, and may say otherwise at the next start. */
  readonly bounds: Partial<ConsumerUpdateConfig>;
}

/**
 * Makes a durable consumer, or brings it to these bounds when it is there: from 2.10 on, nats-server refuses to make one
 * that has others.
 */
export async function ensureDurable(
  manager: JetStreamManager,
  { stream, name, fixed, bounds }: Durable,
): Promise<void> {
  const { consumers } = manager;
  await orRefused(
    `consumer ${name} of stream ${stream}`,
    `remove it (nats consumer rm ${stream} ${name}) and start again, it is made anew and what waits stays in the stream`,
    async () => {
      if (await exists(manager, stream, name)) await consumers.update(stream, name, bounds);
      else await consumers.add(stream, { ...fixed, ...bounds, durable_name: name });
    },
  );
}

async function exists({ consumers }: JetStreamManager, stream: string, name: string): Promise<boolean> {
  try {
    await consumers.info(stream, name);
    return true;
  } catch (error) {
    if (error instanceof NatsError && error.api_error?.err_code === CONSUMER_NOT_FOUND) return false;
    throw error;
  }
}
