import type { Behaviour, Protocol } from '../actors/runtime/behaviour.js';
import type { Bus } from '../actors/runtime/bus.js';
import { systemClock } from '../actors/runtime/clock.js';
import type { ChildSpec } from '../actors/runtime/supervision.js';
import { ActorSystem } from '../actors/runtime/system.js';
import type { Subjects } from '../messages/subjects.js';
import type { Settings } from '../settings/schema.js';
import { service } from './service.js';

export interface KeeperParts<State, P extends Protocol> {
  /** Of the service, and of its actor system. */
  readonly id: string;
  readonly shutdownMs: number;
  readonly subjects: Subjects;
  readonly settings: Pick<Settings, 'restart' | 'hosts'>;
  /** Messages that may wait. */
  readonly mailbox: number;
  bus(): Bus;
  behaviour(): Behaviour<State, P>;
  crashed(error: unknown): void;
  gaveUp(error: unknown): void;
}

/** A service that is one actor, `main`, to which all hosts speak. */
export function keeperService<State, P extends Protocol>(parts: KeeperParts<State, P>): ChildSpec {
  const { id, shutdownMs, subjects, settings, mailbox } = parts;
  return service(id, shutdownMs, async () => {
    const system = new ActorSystem({
      id,
      subjects,
      bus: parts.bus(),
      clock: systemClock,
      policy: settings.restart,
      mailbox,
      drainMs: settings.hosts.drainMs,
      onCrash: (_actor, error) => parts.crashed(error),
      onGiveUp: (_actor, error) => parts.gaveUp(error),
    });
    await system.spawn(parts.behaviour(), 'main');
    return () => system.stop();
  });
}
