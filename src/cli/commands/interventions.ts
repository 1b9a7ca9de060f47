import { parseWith } from '../../messages/errors.js';
import { Id } from '../../messages/ids.js';
import { InterventionState } from '../../messages/interventions.js';
import { Client } from '../client.js';
import { EXIT } from '../exit-codes.js';
import { interventionLines } from '../intervention-lines.js';
import { type SettingsOptions, settingsOf } from '../settings.js';

export interface ListOptions extends SettingsOptions {
  readonly agent?: string;
  readonly state?: string;
  readonly last?: number;
  readonly json?: boolean;
}

export interface DecideOptions extends SettingsOptions {
  readonly message?: string;
  readonly json?: boolean;
}

const TIMEOUT_MS = 5_000;
const DEFAULT_LAST = 20;

/** Lists interventions, the newest last, as a log reads. */
export async function list(options: ListOptions): Promise<number> {
  const { settings } = settingsOf(options);
  const query = {
    ...(options.agent === undefined ? {} : { agent: parseWith(Id, options.agent, '--agent') }),
    ...(options.state === undefined ? {} : { state: parseWith(InterventionState, options.state, '--state') }),
    limit: options.last ?? DEFAULT_LAST,
  };
  const client = await Client.find(settings);
  try {
    const { interventions } = await client.request('interventions.list', query, TIMEOUT_MS);
    for (const intervention of interventions.reverse()) {
      if (options.json === true) console.log(JSON.stringify(intervention));
      else for (const line of interventionLines(intervention)) console.log(line);
    }
    if (interventions.length === 0 && options.json !== true) console.error('no interventions');
    return EXIT.fine;
  } finally {
    await client.close();
  }
}

/** Approves or rejects one that waits for a person. */
export async function decide(id: string, approve: boolean, options: DecideOptions): Promise<number> {
  const { settings } = settingsOf(options);
  const { message } = options;
  const request = {
    id: parseWith(Id, id, 'ID'),
    approve,
    ...(message === undefined ? {} : { message }),
  };
  const client = await Client.find(settings);
  try {
    const decided = await client.request(
      'interventions.decide',
      request,
      settings.steering.timeoutMs + TIMEOUT_MS,
    );
    if (options.json === true) console.log(JSON.stringify(decided));
    else for (const line of interventionLines(decided)) console.log(line);
    return !approve || decided.state === 'delivered' ? EXIT.fine : EXIT.needsPerson;
  } finally {
    await client.close();
  }
}
