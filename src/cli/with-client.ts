import type { Settings } from '../settings/schema.js';
import { Client } from './client.js';
import { type SettingsOptions, settingsOf } from './settings.js';

/** Does something as a client of the running supervisor, and lets go of it. @throws VigilError BROKER, and what `work` throws. */
export async function withClient<T>(
  options: SettingsOptions,
  work: (client: Client, settings: Settings) => Promise<T>,
): Promise<T> {
  const { settings } = settingsOf(options);
  const client = await Client.find(settings);
  try {
    return await work(client, settings);
  } finally {
    await client.close();
  }
}
