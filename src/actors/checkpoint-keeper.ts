import type { z } from 'zod';
import { CHECKPOINT_PROTOCOL } from '../messages/checkpoints.js';
import { type Behaviour, Later } from './runtime/behaviour.js';

export interface CheckpointRecord {
  load(agent: string, key: string): string | undefined;
  /** @returns false when it is behind the one that is kept. */
  save(checkpoint: z.infer<typeof CHECKPOINT_PROTOCOL.save.request>): Promise<boolean>;
}

/** The one actor through which the agents of all hosts reach their checkpoints: only its process has the record. */
export function checkpointKeeper(record: CheckpointRecord): Behaviour<null, typeof CHECKPOINT_PROTOCOL> {
  return {
    kind: 'checkpoints',
    protocol: CHECKPOINT_PROTOCOL,
    start: () => null,
    on: {
      load: (_state, { agent, key }) => ({ data: record.load(agent, key) ?? null }),
      save: (_state, checkpoint) =>
        Later.of(
          () => record.save(checkpoint),
          (saved) => ({ saved: saved === true }),
        ),
    },
  };
}
