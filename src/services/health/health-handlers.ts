import type { Failure } from '../../messages/errors.js';
import type { Store } from '../../store/store.js';
import type { Handlers } from '../rpc-service.js';
import type { Health } from './health.js';

export type HealthHandlers = Pick<Handlers, 'agents.restart' | 'agents.pause' | 'agents.resume'>;

/** The requests about the fleet's health. */
export function healthHandlers({ store, health }: { store: Store; health(): Health }): HealthHandlers {
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
    'agents.resume': ({ ids }) => health().resume(ids),
  };
}
