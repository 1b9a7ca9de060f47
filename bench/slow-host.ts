import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { runHostProcess } from '../src/host-process.js';

/**
 * A host whose review takes as long as a model would: the agent's goal says how long ("take 2000 ms"). The verdict is
 * the rules' all the same. A goal that begins with "crash" is taken at its word, and so is "hang unless there is FILE": an
 * endless loop, after the file was made.
 */
runHostProcess({
  review: async (rules, _recent, signal) => {
    if (rules.goal.startsWith('crash')) throw new Error('crashed as it was told');
    const [, file] = /^hang unless there is (\S+)/.exec(rules.goal) ?? [];
    if (file !== undefined && !existsSync(file)) {
      writeFileSync(file, '');
      for (;;);
    }
    const ms = Number(/take (\d+) ms/.exec(rules.goal)?.[1] ?? 0);
    await sleep(ms, undefined, { signal });
    return rules;
  },
});
