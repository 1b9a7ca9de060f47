import { setTimeout as sleep } from 'node:timers/promises';
import { runHostProcess } from '../src/host-process.js';

/**
 * A host whose review takes as long as a model would: the agent's goal says how long ("take 2000 ms"). The verdict is
 * the rules' all the same.
 */
runHostProcess({
  review: async (rules, _recent, signal) => {
    const ms = Number(/take (\d+) ms/.exec(rules.goal)?.[1] ?? 0);
    await sleep(ms, undefined, { signal });
    return rules;
  },
});
