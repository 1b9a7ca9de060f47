import type { STEERING_REQUESTS } from '../messages/interventions.js';
import type { Store } from '../store/store.js';
import type { Handlers } from './rpc-service.js';
import type { Steering } from './steering.js';

/** What the endpoints about steering do. */
export function steeringHandlers(
  store: Store,
  steering: () => Steering,
  hasEnded: (agent: string) => boolean,
): Pick<Handlers, keyof typeof STEERING_REQUESTS> {
  return {
    'agents.steer': ({ agent, message, dryRun }) => steering().tell(agent, message, dryRun, hasEnded(agent)),
    'interventions.list': (query) => {
      // One more than asked for tells whether there is a further page.
      const found = store.interventions.list({ ...query, limit: query.limit + 1 });
      const interventions = found.slice(0, query.limit);
      const next = found.length > query.limit ? (interventions.at(-1)?.id ?? null) : null;
      return { interventions, next };
    },
    'interventions.decide': ({ id, approve, message }) => steering().decide(id, approve, message),
    'interventions.take': async ({ agent }) => ({ interventions: await steering().take(agent) }),
  };
}
