import { parseWith, VigilError } from '../../messages/errors.js';
import { Id } from '../../messages/ids.js';
import type { Intervention } from '../../messages/interventions.js';
import { Client } from '../client.js';
import { EXIT } from '../exit-codes.js';
import { interventionLines } from '../intervention-lines.js';
import { type SettingsOptions, settingsOf } from '../settings.js';

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
  const { settings } = settingsOf(options);
  const client = await Client.find(settings);
  try {
    const dryRun = options.dryRun === true;
    const timeoutMs = settings.steering.timeoutMs + GRACE_MS;
    const told = await client.request('agents.steer', { agent: id, message, dryRun }, timeoutMs);
    show(told, options.json === true);
    return told.state === 'delivered' || dryRun ? EXIT.fine : EXIT.needsPerson;
  } finally {
    await client.close();
  }
}

function show(intervention: Intervention, json: boolean): void {
  if (json) console.log(JSON.stringify(intervention));
  else for (const line of interventionLines(intervention)) console.log(line);
}
