import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * One way to ask, with processes that are its own: broker, asker, answerer. What one leaves behind is charged to no
 * other, be it garbage or the broker's cache of subjects, which holds the thousand of one and not of two.
 */
export class Contestant {
  /** Bytes of heap that one idle responder costs its process. */
  readonly bytes: number;
  readonly #broker: ChildProcess;
  readonly #driver: ChildProcess;

  private constructor(broker: ChildProcess, driver: ChildProcess, bytes: number) {
    this.#broker = broker;
    this.#driver = driver;
    this.bytes = bytes;
  }

  /** @param program the nats-server to run. */
  static async start(name: string, program: string, responders: number): Promise<Contestant> {
    const broker = spawn(program, ['-a', '127.0.0.1', '-p', '-1'], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    while (!said.includes('Server is ready')) said += String((await once(broker.stderr, 'data'))[0]);
    broker.stderr.resume();
    const url = `nats://127.0.0.1:${/client connections on 127\.0\.0\.1:(\d+)/.exec(said)?.[1]}`;
    const driver = fork(new URL('./driver-process.js', import.meta.url), [name, url, String(responders)]);
    const [{ bytes }] = (await once(driver, 'message')) as [{ bytes: number }];
    return new Contestant(broker, driver, bytes);
  }

  /** Milliseconds of each of so many scatter-gathers. */
  scatter(rounds: number): Promise<number[]> {
    return this.#command({ scatter: rounds });
  }

  /** Requests a second over so many. */
  requests(count: number): Promise<number> {
    return this.#command({ requests: count });
  }

  async stop(): Promise<void> {
    const ended = once(this.#driver, 'exit');
    this.#driver.send({ stop: true });
    await ended;
    this.#broker.kill();
  }

  async #command<T>(message: object): Promise<T> {
    const answer = once(this.#driver, 'message');
    this.#driver.send(message);
    return (await answer)[0] as T;
  }
}
