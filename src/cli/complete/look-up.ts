import { AgentStatusName } from '../../messages/health.js';
import { InterventionState } from '../../messages/interventions.js';
import { TaskState } from '../../messages/tasks.js';
import { Client } from '../client.js';
import { EVENT_KINDS } from '../fleet-event.js';
import { settingsOf } from '../settings.js';
import type { Candidate, Place } from './candidates.js';

/** Somebody waits at a prompt. */
const CONNECT_MS = 500;
const ANSWER_MS = 1_000;
const MAX_IDS = 1_000;

/** Words of the schemas, by the name of what is wanted and, where that does not tell, by command. */
const WORDS: Readonly<Record<string, readonly string[] | (() => Promise<readonly string[]>)>> = {
  kind: EVENT_KINDS,
  'tasks list state': TaskState.options,
  'interventions list state': InterventionState.options,
  'agents list state': AgentStatusName.options,
  'ls state': AgentStatusName.options,
  'schema what': async () => (await import('../../reference/schemas.js')).schemaNames(),
};

/** What the schemas or the running supervisor know of a word; nothing when none runs, or it does not answer at once. */
export async function lookUp(place: Place): Promise<readonly Candidate[]> {
  const { names, command, options } = place;
  const group = command.split(' ')[0] ?? '';
  const keys = names.flatMap((name) => [`${command} ${name}`, `${group} ${name}`, name]);
  const words = keys.map((key) => WORDS[key]).find((found) => found !== undefined);
  if (words !== undefined) {
    const all = typeof words === 'function' ? await words() : words;
    return all.map((value) => ({ value, text: '' }));
  }
  const ask = keys.map((key) => ASKS[key]).find((found) => found !== undefined);
  if (ask === undefined) return [];
  let client: Client | undefined;
  try {
    const { settings } = settingsOf(options);
    const nats = { ...settings.nats, connectTimeoutMs: CONNECT_MS };
    client = await Client.find({ ...settings, nats });
    return await ask(client);
  } catch {
    // A prompt is no place for errors.
    return [];
  } finally {
    await client?.connection.close();
  }
}

const ASKS: Readonly<Record<string, (client: Client) => Promise<readonly Candidate[]>>> = {
  agent: async (client) => {
    const { agents } = await client.request('agents.list', { limit: MAX_IDS }, ANSWER_MS);
    return agents.map(({ id, status }) => ({ value: id, text: status.state }));
  },
  task: async (client) => {
    const { tasks } = await client.request('tasks.list', { limit: MAX_IDS }, ANSWER_MS);
    return tasks.map(({ id, state, title }) => ({ value: id, text: `${state}: ${title}` }));
  },
  repo: async (client) => {
    const { repos } = await client.request('repos.list', {}, ANSWER_MS);
    return repos.map(({ repo, state }) => ({ value: repo, text: state }));
  },
  'interventions id': async (client) => {
    const query = { state: 'pending', limit: MAX_IDS };
    const { interventions } = await client.request('interventions.list', query, ANSWER_MS);
    return interventions.map(({ id, agent, message }) => ({ value: id, text: `${agent}: ${message}` }));
  },
};
