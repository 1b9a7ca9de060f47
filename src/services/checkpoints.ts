import { checkpointKeeper } from '../actors/checkpoint-keeper.js';
import type { Bus } from '../actors/runtime/bus.js';
import { systemClock } from '../actors/runtime/clock.js';
import type { ChildSpec } from '../actors/runtime/supervision.js';
import { ActorSystem } from '../actors/runtime/system.js';
import type { Subjects } from '../messages/subjects.js';
import type { Settings } from '../settings/schema.js';
import type { Store } from '../store/store.js';
import { service } from './service.js';

export interface CheckpointServiceParts {
  readonly store: Store;
  readonly subjects: Subjects;
  readonly settings: Settings;
  readonly shutdownMs: number;
  failed(what: string): (error: unknown) => void;
  bus(): Bus;
}

/** Agents of a whole fleet ask for theirs at the start. */
const MAILBOX = 20_000;

/** Keeps the checkpoints of the agents' actors; there before the hosts are. */
export function checkpointService(parts: CheckpointServiceParts): ChildSpec {
  const { store, subjects, settings, shutdownMs, failed } = parts;
  return service('checkpoints', shutdownMs, async () => {
    const system = new ActorSystem({
      id: 'checkpoints',
      subjects,
      bus: parts.bus(),
      clock: systemClock,
      policy: settings.restart,
      mailbox: MAILBOX,
      drainMs: settings.hosts.drainMs,
      onCrash: (_actor, error) => failed('checkpoint actor crashed')(error),
      onGiveUp: (_actor, error) =>
        failed('checkpoint actor crashed too often; logs are read from their start')(error),
    });
    await system.spawn(
      checkpointKeeper({
        load: (agent, key) => store.checkpoints.load(agent, key),
        save: (checkpoint) => store.write(() => store.checkpoints.save(checkpoint, Date.now())),
      }),
      'main',
    );
    return () => system.stop();
  });
}
