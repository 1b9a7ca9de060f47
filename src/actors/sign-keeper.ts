import type { z } from 'zod';
import { SIGNS_PROTOCOL } from '../messages/signs.js';
import { type Behaviour, Later } from './runtime/behaviour.js';

export type Signed = z.infer<typeof SIGNS_PROTOCOL.sign.request>;

/** The one actor that hears from all hosts what logs say between two cycles. */
export function signKeeper(heard: (signed: Signed) => Promise<void>): Behaviour<null, typeof SIGNS_PROTOCOL> {
  return {
    kind: 'signs',
    protocol: SIGNS_PROTOCOL,
    start: () => null,
    on: {
      sign: (_state, signed) =>
        Later.of(
          () => heard(signed),
          () => ({}),
        ),
    },
  };
}
