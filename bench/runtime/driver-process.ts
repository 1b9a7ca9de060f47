import { type Driver, moleculerDriver, rawDriver, vigilDriver } from './drivers.js';

/**
 * One driver in a process of its own, so that what one leaves to the garbage collector is not charged to another.
 * Answers `{scatter: rounds}` and `{requests: n}` with its figures.
 *
 *   driver-process.js (vigil|raw|moleculer) URL COUNT
 */
const IN_FLIGHT = 500;
const [mode = '', url = '', countText = '0'] = process.argv.slice(2);
const count = Number(countText);

/** Milliseconds of each scatter-gather. */
async function scatterTimes(driver: Driver, rounds: number): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now();
    await driver.scatter(count);
    times.push(performance.now() - startedAt);
  }
  return times;
}

/** Requests a second with `IN_FLIGHT` under way. */
async function throughput(driver: Driver, requests: number): Promise<number> {
  let next = 0;
  const worker = async () => {
    while (next < requests) {
      const i = next++;
      if ((await driver.ask(i)) !== i) throw new Error('a reply went to the wrong request');
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  return (requests / (performance.now() - startedAt)) * 1_000;
}

const open = { vigil: vigilDriver, raw: rawDriver, moleculer: moleculerDriver }[
  mode as 'vigil' | 'raw' | 'moleculer'
];
const driver = await open(url, count);
process.send?.({ bytes: driver.bytes });
process.on('message', async (command: { scatter?: number; requests?: number; stop?: true }) => {
  if (command.scatter !== undefined) process.send?.(await scatterTimes(driver, command.scatter));
  if (command.requests !== undefined) process.send?.(await throughput(driver, command.requests));
  if (command.stop !== undefined) {
    await driver.stop();
    process.disconnect();
  }
});
