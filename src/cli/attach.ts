import { VigilError } from '../messages/errors.js';
import type { Settings } from '../settings/schema.js';
import { Client } from './client.js';
import { type Fleet, startOwn } from './own-supervisor.js';
import type { Progress } from './progress.js';

const ANSWER_MS = 3_000;

/** The fleet of the supervisor that runs on the data directory or named broker; of one started here when none does. */
export async function attachOrStart(settings: Settings, progress: Progress): Promise<Fleet> {
  const client = await attach(settings);
  if (client === undefined) {
    progress.step('Starting Vigil');
    return startOwn(settings, progress, []);
  }
  return { client, ended: new Promise(() => {}), stop: () => client.close() };
}

/** Undefined when no supervisor answers: none was started, or the one that was has been killed. */
async function attach(settings: Settings): Promise<Client | undefined> {
  let client: Client | undefined;
  try {
    client = await Client.find(settings);
    await client.request('agents.list', { limit: 1 }, ANSWER_MS);
    return client;
  } catch (error) {
    await client?.close();
    if (error instanceof VigilError && (error.code === 'BROKER' || error.code === 'UNAVAILABLE'))
      return undefined;
    throw error;
  }
}
