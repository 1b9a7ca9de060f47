import { execFileSync } from 'node:child_process';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { z } from 'zod';
import { NO_BORDERS } from '../src/cli/render.js';
import { displayGoal } from '../src/judgement/goal.js';
import { createTrajectory, observe } from '../src/judgement/trajectory.js';
import { readLog, type WholeLog } from '../src/logs/read-log.js';
import { logFiles, logFolders } from './sources.js';

/**
 * Reads every log at hand and prints what came of it, beside counts that a script of its own made, which knows nothing of
 * Vigil. Ends with 1 when a log could not be read or a count differs.
 *
 *     npm run eval:logs -- [--json] [--logs folder,folder]
 */
const { values } = parseArgs({ options: { json: { type: 'boolean' }, logs: { type: 'string' } } });

const Counts = z.object({
  calls: z.number(),
  results: z.number().nullable(),
  failed: z.number().nullable(),
  tokens: z.number().nullable(),
});
type Counts = z.infer<typeof Counts>;

interface Row extends Counts {
  readonly file: string;
  readonly format: string;
  readonly events: number;
  readonly goal: string;
  readonly unknown: number;
  readonly skipped: number;
  readonly counted: Counts;
  readonly same: boolean;
}

async function rowOf(path: string): Promise<Row> {
  const log = await readLog(path);
  const counted = countedApart(log.format, path);
  const own = countsOf(log);
  // Of aider's calls only its edits are counted apart.
  const compared = log.format === 'aider' ? { ...own, calls: edits(log) } : own;
  return {
    file: basename(path),
    format: log.format,
    events: log.events.length,
    ...own,
    goal: goalOf(log),
    unknown: log.unknown,
    skipped: log.skipped,
    counted,
    same: (['calls', 'results', 'failed', 'tokens'] as const).every(
      (name) => counted[name] === null || counted[name] === compared[name],
    ),
  };
}

function countsOf({ events }: WholeLog): { calls: number; results: number; failed: number; tokens: number } {
  const results = events.filter(({ kind }) => kind === 'tool_result');
  return {
    calls: events.filter(({ kind }) => kind === 'tool_call').length,
    results: results.length,
    failed: results.filter(({ isError }) => isError === true).length,
    tokens: events.reduce((sum, { tokens }) => sum + (tokens?.input ?? 0) + (tokens?.output ?? 0), 0),
  };
}

function edits({ events }: WholeLog): number {
  return events.filter(({ kind, tool }) => kind === 'tool_call' && tool === 'edit').length;
}

function goalOf({ events }: WholeLog): string {
  const trajectory = createTrajectory('eval', {});
  for (const event of events) observe(trajectory, event);
  return displayGoal(trajectory.context.goal);
}

function countedApart(format: string, path: string): Counts {
  const script = fileURLToPath(new URL('../../eval/count_logs.py', import.meta.url));
  return Counts.parse(JSON.parse(execFileSync('python3', [script, format, path], { encoding: 'utf8' })));
}

const rows: Row[] = [];
const failures: string[] = [];
for (const path of logFiles(logFolders(values.logs))) {
  try {
    rows.push(await rowOf(path));
  } catch (error) {
    failures.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

if (values.json === true) console.log(JSON.stringify({ rows, failures }));
else {
  const head = 'file,format,events,calls,results,failed,tokens,unknown,skipped,counted apart,goal'.split(',');
  const table = new Table({
    chars: NO_BORDERS,
    style: { head: [], border: [] },
    head,
    colWidths: [34, ...Array(8).fill(null), 26, 44],
  });
  for (const row of rows) {
    const { calls, results, failed, tokens } = row.counted;
    const apart = [calls, results, failed, tokens].filter((count) => count !== null).join(', ');
    table.push([
      row.file,
      row.format,
      row.events,
      row.calls,
      row.results,
      row.failed,
      row.tokens,
      row.unknown,
      row.skipped,
      `${row.same ? 'same' : 'DIFFERS'}: ${apart}`,
      row.goal === '' ? '(none)' : row.goal,
    ]);
  }
  console.log(table.toString());
  for (const failure of failures) console.log(`FAILED ${failure}`);
  console.log(
    `${rows.length} logs; counts are the same in ${rows.filter(({ same }) => same).length} of them; ${rows.filter(({ goal }) => goal !== '').length} goals found`,
  );
}
process.exitCode = failures.length === 0 && rows.every(({ same }) => same) ? 0 : 1;
