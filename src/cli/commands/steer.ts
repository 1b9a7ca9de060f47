import { parseWith, VigilError } from '../../messages/errors.js';
import { Id } from '../../messages/ids.js';
import { EXIT } from '../exit-codes.js';
import { showIntervention } from '../intervention-lines.js';
import type { SettingsOptions } from '../settings.js';
import { withClient } from '../with-client.js';

export interface SteerOptions extends SettingsOptions {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** Over the supervisor's own time for a delivery, so that its answer comes first. */
const GRACE_MS = 5_000;

/** Tells an agent something. @returns the exit code: fine when it has it, or a person has to see to it. */
export async function steer(agent: string, words: readonly string[], options: SteerOptions): Promise<number> {
  const id = parseWith(Id, agent, 'AGENT');
  const message = words.join(' ').trim();
  if (message === '') throw new VigilError('BAD_REQUEST', 'TEXT: expected what the agent is to be told');
  const dryRun = options.dryRun === true;
  const told = await withClient(options, (client, settings) => {
    const timeoutMs = settings.steering.timeoutMs + GRACE_MS;
    return client.request('agents.steer', { agent: id, message, dryRun }, timeoutMs);
  });
  showIntervention(told, options.json === true);
  return told.state === 'delivered' || dryRun ? EXIT.fine : EXIT.needsPerson;
}
