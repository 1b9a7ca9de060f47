import { messageOf } from '../../messages/errors.js';
import type { Settings } from '../../settings/schema.js';
import type { Client } from '../client.js';
import type { Notice } from './footer.js';
import type { Effect } from './ui.js';

/** Over the supervisor's own time, so that its answer comes first. */
const GRACE_MS = 5_000;
const TIMEOUT_MS = 10_000;
const RESTART_MS = 60_000;
const REASON = 'vigil top';

/** What a person does about an agent; the others are about the screen. */
export type Action = Extract<
  Effect,
  { readonly kind: 'steer' | 'decide' | 'analyze' | 'restart' | 'pause' | 'resume' | 'ack' }
>;

/** While it is under way. */
export function begun(action: Action): Notice {
  const { kind, agent } = action;
  const texts: Readonly<Record<Action['kind'], string>> = {
    steer: `telling ${agent} …`,
    decide: `deciding about ${agent} …`,
    analyze: `analysing ${agent} …`,
    restart: `restarting ${agent} …`,
    pause: `pausing ${agent} …`,
    resume: `resuming ${agent} …`,
    ack: `acknowledging ${agent} …`,
  };
  return { text: texts[kind], isBad: false };
}

/** Does it, by the requests that any client has. @returns how it went; never rejects. */
export async function perform(action: Action, client: Client, settings: Settings): Promise<Notice> {
  try {
    return await done(action, client, settings);
  } catch (error) {
    return { text: `${action.agent}: ${messageOf(error)}`, isBad: true };
  }
}

async function done(action: Action, client: Client, settings: Settings): Promise<Notice> {
  const { agent } = action;
  const ids = [agent];
  switch (action.kind) {
    case 'steer': {
      const { message } = action;
      const timeoutMs = settings.steering.timeoutMs + GRACE_MS;
      const { state, reason } = await client.request('agents.steer', { agent, message }, timeoutMs);
      return told(agent, state, reason);
    }
    case 'decide': {
      const { id, approve } = action;
      const timeoutMs = settings.steering.timeoutMs + GRACE_MS;
      const { state, reason } = await client.request('interventions.decide', { id, approve }, timeoutMs);
      return approve ? told(agent, state, reason) : { text: `${agent}: will not be told`, isBad: false };
    }
    case 'analyze': {
      const timeoutMs = settings.analysis.itemTimeoutMs + GRACE_MS;
      const { items, failures } = await client.request('analyze', { agents: ids, force: true }, timeoutMs);
      const [failure] = failures;
      if (failure !== undefined) return { text: `${agent}: ${failure.message}`, isBad: true };
      return { text: `${agent}: ${items[0]?.summary ?? 'analysed'}`, isBad: false };
    }
    case 'restart': {
      const { controlMs, upMs } = settings.health;
      const timeoutMs = RESTART_MS + controlMs + upMs + GRACE_MS;
      const body = { ids, reason: REASON, deadlineMs: RESTART_MS };
      const { restarts, failures } = await client.request('agents.restart', body, timeoutMs);
      const [failure] = failures;
      if (failure !== undefined) return { text: `${agent}: ${failure.message}`, isBad: true };
      return { text: `${agent}: ${restarts[0]?.outcome ?? 'not begun'}`, isBad: false };
    }
    case 'pause':
      await client.request('agents.pause', { ids, reason: REASON }, TIMEOUT_MS);
      return { text: `${agent} is left alone`, isBad: false };
    case 'ack': {
      const { acknowledged } = await client.request('agents.ack', { ids }, TIMEOUT_MS);
      const text = acknowledged.length > 0 ? 'is seen' : 'has not ended unseen';
      return { text: `${agent} ${text}`, isBad: false };
    }
    case 'resume':
      await client.request('agents.resume', { ids }, TIMEOUT_MS);
      return { text: `${agent} is looked after again`, isBad: false };
  }
}

function told(agent: string, state: string, reason: string | undefined): Notice {
  const text = `${agent}: ${state}${reason === undefined ? '' : `, ${reason}`}`;
  return { text, isBad: state === 'undelivered' };
}
