import { type Host, type HostParts, startHost } from './host.js';
import { messageOf } from './messages/errors.js';
import { HostOptions } from './settings/host-options.js';

/**
 * Runs a host as a child of the supervisor: its options come as the first message, `stop` ends it, and so does the
 * end of the supervisor, whose agents another one will place anew.
 */
export function runHostProcess(parts: HostParts = {}): void {
  let host: Promise<Host> | undefined;
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    const running = await host?.catch(() => undefined);
    await running?.stop();
    process.exit(0);
  };
  const fail = (error: unknown) => {
    console.error(`host: ${messageOf(error)}`);
    process.send?.({ type: 'failed', message: messageOf(error) });
    process.exitCode = 1;
    process.disconnect?.();
  };
  process.on('message', (message: { type?: unknown; options?: unknown }) => {
    if (message.type === 'stop') stop().catch(fail);
    if (message.type !== 'start' || host !== undefined) return;
    host = Promise.resolve().then(() => startHost(HostOptions.parse(message.options), parts));
    host.then(() => process.send?.({ type: 'ready' }), fail);
  });
  process.on('disconnect', () => {
    stop().catch(fail);
  });
  // Ctrl-C reaches the whole terminal: the supervisor decides when its hosts stop.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {
    stop().catch(fail);
  });
}
