import { setTimeout as sleep } from 'node:timers/promises';
import { rulesJudge } from '../src/actors/agent.js';
import { runHostProcess } from '../src/host-process.js';
import { DEFAULT_THRESHOLDS } from '../src/judgement/thresholds.js';

/**
 * A host whose judge takes as long as a model would: the agent's goal says how long ("take 2000 ms"). The verdict is
 * the rules' all the same.
 */
const rules = rulesJudge(DEFAULT_THRESHOLDS);

runHostProcess({
  judge: async (trajectory, time, signal) => {
    const verdict = await rules(trajectory, time, signal);
    const ms = Number(/take (\d+) ms/.exec(verdict.goal)?.[1] ?? 0);
    await sleep(ms, undefined, { signal });
    return verdict;
  },
});
