import { once } from 'node:events';
import { startHost } from '../../host.js';
import { VigilError } from '../../messages/errors.js';
import { newId } from '../../messages/ids.js';
import { hostOptions } from '../../settings/host-options.js';
import { EXIT } from '../exit-codes.js';
import { type SettingsOptions, settingsOf } from '../settings.js';

/** Runs a host until it is told to stop. @returns the exit code. */
export async function host(options: SettingsOptions): Promise<number> {
  const { settings } = settingsOf(options);
  const { url, nkeyFile, credsFile } = settings.nats;
  if (url === undefined)
    throw new VigilError('BAD_REQUEST', 'host: name the broker with --nats-url nats://host:4222');
  const id = `${settings.hosts.label ?? 'host'}-${newId()}`.slice(-64);
  const running = await startHost(hostOptions(settings, id, { url, nkeyFile, credsFile }, undefined), {
    onWaiting: () => console.error('No supervisor has been at this broker yet; waiting for one.'),
  });
  console.log(`host ${running.id} joined ${url.replace(/\/\/[^/@]*@/g, '//***@')}`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await running.stop();
  return EXIT.fine;
}
