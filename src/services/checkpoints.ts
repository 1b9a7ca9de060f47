import { checkpointKeeper } from '../actors/checkpoint-keeper.js';
import type { Bus } from '../actors/runtime/bus.js';
import type { ChildSpec } from '../actors/runtime/supervision.js';
import type { Subjects } from '../messages/subjects.js';
import type { Settings } from '../settings/schema.js';
import type { Store } from '../store/store.js';
import { keeperService } from './keeper.js';

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
  const { store, failed } = parts;
  return keeperService({
    ...parts,
    id: 'checkpoints',
    mailbox: MAILBOX,
    bus: () => parts.bus(),
    behaviour: () =>
      checkpointKeeper({
        load: (agent, key) => store.checkpoints.load(agent, key),
        save: (checkpoint) => store.write(() => store.checkpoints.save(checkpoint, Date.now())),
      }),
    crashed: failed('checkpoint actor crashed'),
    gaveUp: failed('checkpoint actor crashed too often; logs are read from their start'),
  });
}
