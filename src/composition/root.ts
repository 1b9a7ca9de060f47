import { systemClock } from '../actors/runtime/clock.js';
import { Supervisor } from '../actors/runtime/supervision.js';
import type { Logger } from '../log.js';
import type { Settings } from '../settings/schema.js';

/** The branches of the supervision tree. */
export interface Root {
  readonly tree: Supervisor;
  /** Rest for one: a service that is restarted takes those that build on it along. */
  readonly services: Supervisor;
  readonly hosts: Supervisor;
  readonly ended: Promise<Error>;
}

export function createRoot(settings: Settings, log: Logger): Root {
  let end: (error: Error) => void = () => {};
  const ended = new Promise<Error>((resolveEnded) => {
    end = resolveEnded;
  });
  const create = (id: string, strategy: 'one_for_one' | 'rest_for_one') =>
    new Supervisor({
      id,
      strategy,
      intensity: 'supervisor',
      policy: settings.restart,
      clock: systemClock,
      onCrash: (child, error) =>
        log.error({ child: `${child.kind} ${child.id}`, err: error }, 'ended, to be restarted'),
      onGiveUp: (error, child) => {
        log.fatal({ child: `${child.kind} ${child.id}`, err: error }, 'restarted too often, giving up');
        end(error);
      },
    });
  return {
    tree: create('vigil', 'one_for_one'),
    services: create('services', 'rest_for_one'),
    hosts: create('hosts', 'one_for_one'),
    ended,
  };
}
