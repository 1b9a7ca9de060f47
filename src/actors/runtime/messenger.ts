import { ActorEnded, ALIVE } from '../../messages/envelope.js';
import { VigilError } from '../../messages/errors.js';
import type { Subjects } from '../../messages/subjects.js';
import type { EndReason, Messenger } from './behaviour.js';
import type { Bus } from './bus.js';
import { readJson } from './wire.js';

/** How long a watched actor may take to show that it is there. */
const ALIVE_TIMEOUT_MS = 5_000;

/** Lets actors reach each other over the broker, wherever they run. */
export function busMessenger(bus: Bus, subjects: Subjects): Messenger {
  return {
    ask: async (kind, id, type, body, options) =>
      (await bus.ask(subjects.actor(kind, id), type, body, options)).body,
    tell: (kind, id, type, body) => bus.tell(subjects.actor(kind, id), type, body),
    watch: (kind, id, ended) => watch(bus, subjects, kind, id, ended),
  };
}

function watch(
  bus: Bus,
  subjects: Subjects,
  kind: string,
  id: string,
  ended: (reason: EndReason) => void,
): () => void {
  let over = false;
  const tell = (reason: EndReason) => {
    if (over) return;
    stop();
    ended(reason);
  };
  const subscription = bus.connection.subscribe(subjects.actorEnded(kind, id), {
    callback: (error, message) => {
      if (error !== null) return;
      const notice = ActorEnded.safeParse(readJson(message.data)).data;
      if (notice !== undefined) tell(notice.reason);
    },
  });
  const stop = () => {
    over = true;
    subscription.unsubscribe();
  };
  // Asked after the subscription: whatever ends in between is told by one of the two.
  bus.ask(subjects.actor(kind, id), ALIVE, null, { timeoutMs: ALIVE_TIMEOUT_MS }).catch((error: unknown) => {
    // Only "nobody serves it" is an end; a broker that is away says nothing about the actor.
    if (bus.connected && error instanceof VigilError && error.code === 'UNAVAILABLE') tell('no_actor');
  });
  return stop;
}
