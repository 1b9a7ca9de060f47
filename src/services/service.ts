import type { ChildSpec } from '../actors/runtime/supervision.js';

/** Stops what `start` began. */
export type Stop = () => Promise<void> | void;

/**
 * A service of the supervisor as a child of its tree.
 *
 * @param start begins it and returns how to stop it; calls `exited` when it ends by itself.
 */
export function service(
  id: string,
  shutdownMs: number,
  start: (exited: (error?: Error) => void) => Promise<Stop> | Stop,
): ChildSpec {
  let stop: Stop = () => {};
  const end = async () => {
    const present = stop;
    stop = () => {};
    await present();
  };
  return {
    kind: 'service',
    id,
    restart: 'permanent',
    shutdownMs,
    start: async (exited) => {
      // One that ended by itself still holds what it had opened.
      await end();
      stop = await start(exited);
    },
    stop: end,
  };
}
