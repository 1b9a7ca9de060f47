import { type Failure, VigilError } from '../../messages/errors.js';
import { visible } from '../../messages/visible.js';
import { noteWaiting, type Publishing } from '../events.js';
import type { Handlers } from '../rpc-service.js';
import type { Health } from './health.js';

export type HealthHandlers = Pick<
  Handlers,
  'agents.restart' | 'agents.pause' | 'agents.resume' | 'agents.ack' | 'agents.note'
>;

/** The requests about the fleet's health. */
export function healthHandlers({
  store,
  subjects,
  wakeOutbox,
  health,
}: Pick<Publishing, 'store' | 'subjects' | 'wakeOutbox'> & { health(): Health }): HealthHandlers {
  return {
    'agents.restart': async ({ ids, reason = 'asked for', deadlineMs }) => {
      const wanted = [...new Set(ids)];
      const known = store.agents.known(wanted);
      const failures: Failure[] = wanted
        .filter((id) => !known.has(id))
        .map((agent) => ({ agent, code: 'NOT_FOUND', message: `no agent ${agent}` }));
      const done = await health().restart([...known], reason, deadlineMs);
      for (const { agent, event } of done) {
        if (event === undefined)
          failures.push({ agent, code: 'TIMEOUT', message: `not begun within ${deadlineMs} ms` });
        else if (event.code !== undefined)
          failures.push({ agent, code: event.code, message: event.message ?? event.outcome });
      }
      return { restarts: done.flatMap(({ event }) => (event === undefined ? [] : [event])), failures };
    },
    'agents.pause': async ({ ids, reason }) => {
      const unknown = await health().pause(ids, reason);
      const missing = new Set(unknown);
      return { paused: ids?.filter((id) => !missing.has(id)) ?? [], fleet: ids === undefined, unknown };
    },
    'agents.ack': async ({ ids }) => {
      const known = ids === undefined ? undefined : store.agents.known(ids);
      const acknowledged = await health().acknowledge(known === undefined ? undefined : [...known]);
      return { acknowledged, unknown: ids?.filter((id) => known?.has(id) === false) ?? [] };
    },
    'agents.note': async ({ id, standing, summary }) => {
      if (store.agents.get(id) === undefined) throw new VigilError('NOT_FOUND', `no agent ${id}`);
      // A hook that comes behind the end of its own process.
      if (health().hasEnded(id)) return {};
      health().noted(id, standing);
      const wait = { agent: id, waits: true, summary: visible(summary) };
      await store.write(() => noteWaiting(store, subjects, wait, Date.now()));
      wakeOutbox();
      return {};
    },
    'agents.resume': ({ ids }) => health().resume(ids),
  };
}
