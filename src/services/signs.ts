import type { Bus } from '../actors/runtime/bus.js';
import type { ChildSpec } from '../actors/runtime/supervision.js';
import { type Signed, signKeeper } from '../actors/sign-keeper.js';
import type { Settings } from '../settings/schema.js';
import { noteWaiting, type Publishing } from './events.js';
import type { Health } from './health/health.js';
import { keeperService } from './keeper.js';

export interface SignServiceParts extends Publishing {
  readonly settings: Settings;
  readonly shutdownMs: number;
  bus(): Bus;
  health(): Health;
  /** The placement of an agent now. */
  epochOf(agent: string): number | undefined;
}

/** The hosts of a whole fleet tell at once after a start. */
const MAILBOX = 20_000;

/** Takes in what the agents' logs say between two cycles: who waits for a person is known within seconds. */
export function signService(parts: SignServiceParts): ChildSpec {
  const { failed } = parts;
  return keeperService({
    ...parts,
    id: 'signs',
    mailbox: MAILBOX,
    bus: () => parts.bus(),
    behaviour: () => signKeeper((signed) => heard(parts, signed)),
    crashed: failed,
    gaveUp: failed,
  });
}

async function heard(parts: SignServiceParts, { agent, epoch, sign }: Signed): Promise<void> {
  const { store, subjects, wakeOutbox } = parts;
  const health = parts.health();
  if (parts.epochOf(agent) !== epoch || !health.signed(agent, sign)) return;
  const asks = sign.standing === 'waiting_input' || sign.standing === 'waiting_permission';
  const waits = asks && !health.hasEnded(agent);
  // Most signs change nothing about that.
  if (waits === store.interventions.isWaiting(agent)) return;
  if (!waits && health.isHeld(agent, sign.lastEventAt)) return;
  const { summary, recommendation } = sign;
  await store.write(() =>
    noteWaiting(store, subjects, { agent, waits, summary, recommendation }, Date.now()),
  );
  wakeOutbox();
}
