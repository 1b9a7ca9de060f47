import { fileURLToPath } from 'node:url';
import { casesOf } from '../eval/cases.js';
import { plantedFleet } from '../eval/planted.js';
import { baselineJudge, rulesJudge } from '../eval/replay.js';
import { alarmRate } from '../eval/report.js';
import { f1, recall, score } from '../eval/score.js';
import { logFolders, readSources, type Source } from '../eval/sources.js';
import { coherence } from '../src/judgement/coherence.js';
import { assess } from '../src/judgement/guardian.js';
import { createTrajectory, observe } from '../src/judgement/trajectory.js';
import { readLog } from '../src/logs/read-log.js';
import { BenchFleet } from './fleet.js';
import { print, row } from './report.js';

/**
 * How good and how cheap the rules are: against the OpenHands rules on the test split, and against a bare parse of the
 * same logs; the conductor over 5,000 agents; and a cycle over agents that wrote nothing. Where only the sample fleet is at hand, which is all of the tune split,
 * that split is taken and the row says so.
 *
 *     npm run bench:judge -- [--json]
 */

/** Judging after every single event may cost this many times the parse; a monitor judges once a minute. */
const JUDGE_TO_PARSE = 3;
const COHERENCE_MS = 1000;
const AGENTS = 5000;
const PLANTED = 150;
const ROUNDS = 5;
const UNCHANGED = 1000;
/** A log of 80 kB is small; those of a night are hundreds of times that. */
const UNCHANGED_TO_FIRST = 0.5;
const LOG = fileURLToPath(new URL('../../fleet/logs/BabyEncryption.traj', import.meta.url));

const { found } = await readSources(['tune', 'test'], logFolders(undefined));
quality(found);
await cost(found);
conductor();
await unchanged();

function quality(sources: readonly Source[]): void {
  const split = sources.some((source) => source.split === 'test') ? 'test' : 'tune';
  const cases = casesOf(sources, split);
  const [rules, baseline] = [score(cases, rulesJudge), score(cases, baselineJudge)];
  const better = f1(rules.overall) / f1(baseline.overall);
  print(
    row(
      `F1 over the OpenHands rules, ${split} split`,
      better,
      1,
      'above',
      `${f1(rules.overall).toFixed(3)} over ${f1(baseline.overall).toFixed(3)}, ${cases.length} cases`,
    ),
  );
  const loops = [rules, baseline].map(({ byType }) => byType.get('loop'));
  const [ours, theirs] = loops.map((counts) => (counts === undefined ? 0 : f1(counts)));
  print(
    row(
      `the same, loops only, ${split} split`,
      (ours ?? 0) / (theirs ?? 1),
      1,
      'above',
      `${(ours ?? 0).toFixed(3)} over ${(theirs ?? 0).toFixed(3)}`,
    ),
  );
  const reaches = recall(rules.overall) >= recall(baseline.overall);
  const ratio = alarmRate(rules) / alarmRate(baseline);
  print(
    row(
      `false alarms over theirs, ${split} split`,
      reaches && Number.isFinite(ratio) ? ratio : Number.MAX_VALUE,
      0.5,
      'below',
      `${alarmRate(rules).toFixed(2)} over ${alarmRate(baseline).toFixed(2)} per 1,000 events, ` +
        `at recall ${recall(rules.overall).toFixed(3)} over ${recall(baseline.overall).toFixed(3)}`,
    ),
  );
}

/** Best of several rounds each, taken in turn, so that both meet the same machine. */
async function cost(sources: readonly Source[]): Promise<void> {
  let [parse, judge] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const events = sources.reduce((sum, source) => sum + source.events.length, 0);
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    for (const { path } of sources) await readLog(path);
    const parsed = performance.now();
    for (const source of sources) judgeEachEvent(source);
    parse = Math.min(parse, parsed - started);
    judge = Math.min(judge, performance.now() - parsed);
  }
  print(
    row(
      'time to judge after every event over bare parse',
      judge / parse,
      JUDGE_TO_PARSE,
      'below',
      `${perSecond(events, judge)} events judged a second, ${perSecond(events, parse)} parsed, ${events} events`,
    ),
  );
}

function judgeEachEvent({ events }: Source): void {
  const trajectory = createTrajectory('bench');
  for (const event of events) {
    observe(trajectory, event);
    assess(trajectory, { now: event.at, live: true });
  }
}

function conductor(): void {
  const { profiles, pairs } = plantedFleet(AGENTS, PLANTED);
  coherence(profiles.slice(0, 500)); // warm
  const before = process.resourceUsage().maxRSS;
  const started = performance.now();
  const { duplicates } = coherence(profiles);
  const took = performance.now() - started;
  const grown = (process.resourceUsage().maxRSS - before) / 1024;
  const found = new Set(duplicates.flatMap(({ agents }) => pairsOf(agents)));
  const hits = [...pairs].filter((pair) => found.has(pair)).length;
  const wrong = [...found].filter((pair) => !pairs.has(pair)).length;
  const what = `${hits} of ${PLANTED} pairs in ${AGENTS} agents`;
  print(
    row(
      `coherence over ${AGENTS} agents, of ${COHERENCE_MS} ms`,
      took / COHERENCE_MS,
      1,
      'below',
      `${took.toFixed(0)} ms, ${grown.toFixed(0)} MiB more at its peak`,
    ),
  );
  print(row('recall of planted duplicates', hits / PLANTED, 0.95, 'above', what));
  print(row('false pairs among them', wrong, 0, 'below', `${wrong} pairs that were not planted`));
}

/** A cycle over agents that wrote nothing: one look at each file, no judgement, against the cycle that read them. */
async function unchanged(): Promise<void> {
  const agents = Array.from({ length: UNCHANGED }, (_, i) => ({ id: `agent-${i}`, logs: [LOG] }));
  const fleet = await BenchFleet.start({ agents, analysis: { maxConcurrent: 100 } }, {});
  try {
    const first = await fleet.trigger('cycle', {});
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) times.push((await fleet.trigger('cycle', {})).ms);
    const again = times.sort((one, other) => one - other)[ROUNDS >> 1] ?? 0;
    const { items, failures } = first.result;
    if (items.length !== UNCHANGED || failures.length > 0)
      throw new Error(`cycle: ${items.length} items, failures ${JSON.stringify(failures.slice(0, 3))}`);
    print(
      row(
        `cycle over ${UNCHANGED} unchanged agents over the first`,
        again / first.ms,
        UNCHANGED_TO_FIRST,
        'below',
        `${again.toFixed(0)} ms, the one that read and judged them ${first.ms.toFixed(0)} ms; coherence included`,
      ),
    );
  } finally {
    await fleet.stop();
  }
}

function pairsOf(agents: readonly string[]): string[] {
  return agents.flatMap((a, i) => agents.slice(i + 1).map((b) => `${a} ${b}`));
}

function perSecond(events: number, ms: number): string {
  return Math.round((events * 1000) / ms).toLocaleString('en');
}
