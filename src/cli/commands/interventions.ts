import { parseWith } from '../../messages/errors.js';
import { Id } from '../../messages/ids.js';
import { InterventionState } from '../../messages/interventions.js';
import { EXIT } from '../exit-codes.js';
import { showIntervention } from '../intervention-lines.js';
import type { SettingsOptions } from '../settings.js';
import { withClient } from '../with-client.js';

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
  const query = {
    ...(options.agent === undefined ? {} : { agent: parseWith(Id, options.agent, '--agent') }),
    ...(options.state === undefined ? {} : { state: parseWith(InterventionState, options.state, '--state') }),
    limit: options.last ?? DEFAULT_LAST,
  };
  const { interventions } = await withClient(options, (client) =>
    client.request('interventions.list', query, TIMEOUT_MS),
  );
  for (const intervention of interventions.reverse()) showIntervention(intervention, options.json === true);
  if (interventions.length === 0 && options.json !== true) console.error('no interventions');
  return EXIT.fine;
}

/** Approves or rejects one that waits for a person. */
export async function decide(id: string, approve: boolean, options: DecideOptions): Promise<number> {
  const { message } = options;
  const request = {
    id: parseWith(Id, id, 'ID'),
    approve,
    ...(message === undefined ? {} : { message }),
  };
  const decided = await withClient(options, (client, settings) =>
    client.request('interventions.decide', request, settings.steering.timeoutMs + TIMEOUT_MS),
  );
  showIntervention(decided, options.json === true);
  return !approve || decided.state === 'delivered' ? EXIT.fine : EXIT.needsPerson;
}
