import { parseArgs } from 'node:util';
import { casesOf } from './cases.js';
import { Split } from './labels.js';
import { baselineJudge, rulesJudge } from './replay.js';
import { printPlain, type SplitReport, toJson } from './report.js';
import { score } from './score.js';
import { logFolders, readSources } from './sources.js';

/**
 * Replays labelled logs through the rules and through the baseline, and prints how well each did.
 *
 *     npm run eval -- [--json] [--split tune|test] [--logs folder,folder]
 */
const { values } = parseArgs({
  options: { json: { type: 'boolean' }, split: { type: 'string' }, logs: { type: 'string' } },
});
const splits = values.split === undefined ? Split.options : [Split.parse(values.split)];
const { found, leftOut } = await readSources(splits, logFolders(values.logs));

const reports: SplitReport[] = splits.map((split) => {
  const cases = casesOf(found, split);
  const part = (name: string, chosen: typeof cases) => ({
    name,
    rules: score(chosen, rulesJudge),
    baseline: score(chosen, baselineJudge),
  });
  return {
    split,
    parts: [
      part('all', cases),
      part(
        'real',
        cases.filter(({ provenance }) => provenance === 'real'),
      ),
      part(
        'synthetic',
        cases.filter(({ provenance }) => provenance === 'synthetic'),
      ),
    ],
  };
});

if (values.json === true) console.log(JSON.stringify(toJson(reports, leftOut)));
else printPlain(reports, leftOut);
