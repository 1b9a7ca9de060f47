import { setTimeout as wait } from 'node:timers/promises';
import { connectBroker, endConnection } from '../broker/connect.js';
import { messageOf } from '../messages/errors.js';
import { type Access, FIRST_WAIT, FleetSession, ignoreAbort, type SessionParts } from './fleet-session.js';

export interface LinkParts extends SessionParts {
  /** Looked up anew for each try: a supervisor that was started again may be elsewhere. @throws VigilError BROKER */
  find(): Access;
}

/**
 * An agent's tie to its fleet: registers it, beats its heart, sends its output where nobody can read its files, and takes
 * steering and control. A broker that is not there, goes away or does not answer is tried again for ever and holds up
 * nothing: the agent knows nothing of it.
 */
export class FleetLink {
  readonly #parts: LinkParts;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #session: FleetSession | undefined;
  #seq = 0;
  #said = '';

  constructor(parts: LinkParts) {
    this.#parts = parts;
    this.#running = this.#run();
  }

  /** A heartbeat out of turn: the state has changed. */
  beat(): void {
    this.#session?.beat();
  }

  /** Sends what waits, with a last heartbeat, and goes. A broker that does not answer is not waited for. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { reconnectMs } = this.#parts;
    let delayMs = reconnectMs * FIRST_WAIT;
    while (!this.#closing.signal.aborted) {
      try {
        await this.#connected();
        delayMs = reconnectMs * FIRST_WAIT;
      } catch (error) {
        this.#say(`runs on its own, nobody watches it yet: ${messageOf(error)}`);
      }
      const jitter = 0.5 + Math.random() / 2;
      await wait(delayMs * jitter, undefined, { signal: this.#closing.signal }).catch(ignoreAbort);
      delayMs = Math.min(reconnectMs, delayMs * 2);
    }
  }

  /** One connection, from its beginning to its end. */
  async #connected(): Promise<void> {
    const { agent, instance, find } = this.#parts;
    const access = find();
    const connection = await connectBroker(
      access,
      `${access.prefix} agent ${agent}`,
      `_INBOX_agent.${instance}`,
    );
    const session = new FleetSession(connection, access, this.#parts, () => this.#seq++);
    this.#session = session;
    const end = await session.run(this.#closing.signal, (text) => this.#say(text));
    this.#session = undefined;
    if (end === 'closing') await endConnection(connection);
    else {
      this.#say('the broker went away; the agent goes on');
      await connection.close();
    }
  }

  /** Once for each change, and not for each try. */
  #say(text: string): void {
    if (text === this.#said) return;
    this.#said = text;
    this.#parts.tell(text);
  }
}
