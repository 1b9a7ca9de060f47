import { statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { assess } from '../../judgement/guardian.js';
import { createTrajectory, observe } from '../../judgement/trajectory.js';
import { readLog } from '../../logs/read-log.js';
import type { TrajectoryAnalysis } from '../../messages/analysis.js';
import { toFailure, VigilError } from '../../messages/errors.js';
import { idFrom } from '../../messages/ids.js';
import { visible } from '../../messages/visible.js';
import { EXIT } from '../exit-codes.js';
import { eventRange, verdictTable } from '../render.js';

export interface JudgeOptions {
  readonly json?: boolean;
  readonly goal?: string;
}

type Judged = TrajectoryAnalysis & { readonly file: string };

/** Judges logs after the fact, by the same rules as in the fleet. @returns the exit code. */
export async function judge(paths: readonly string[], options: JudgeOptions): Promise<number> {
  const judged: Judged[] = [];
  let bad = false;
  for (const file of await filesOf(paths)) {
    try {
      const analysis = await judgeFile(file, options.goal);
      judged.push(analysis);
      if (options.json === true) console.log(JSON.stringify(analysis));
    } catch (error) {
      bad = true;
      const { code, message } = toFailure(error);
      if (options.json === true) console.error(JSON.stringify({ file, error: { code, message } }));
      else console.error(`vigil: ${message.includes(file) ? '' : `${file}: `}${message}`);
    }
  }
  if (options.json !== true && judged.length > 0) print(judged);
  if (bad) return EXIT.usage;
  return judged.some((each) => each.needsSteering) ? EXIT.needsPerson : EXIT.fine;
}

async function judgeFile(file: string, goal: string | undefined): Promise<Judged> {
  const log = await readLog(file);
  const agent = idFrom(
    basename(file)
      .replace(/\.[^.]+$/, '')
      .replace(/[^A-Za-z0-9_-]+/g, '-')
      .slice(0, 64),
  );
  const trajectory = createTrajectory(agent, { goal });
  for (const event of log.events) observe(trajectory, event);
  if (trajectory.eventCount === 0) throw new VigilError('UNREADABLE', `${file} holds no events`);
  const analysis = assess(trajectory, { now: null, live: false });
  return { file, ...analysis, ...(log.notes.length === 0 ? {} : { notes: [...log.notes] }) };
}

/** The files named, and those below the folders named. */
async function filesOf(paths: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const path of paths) {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) files.push(path);
    else {
      const entries = await readdir(path, { withFileTypes: true, recursive: true });
      files.push(
        ...entries
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name))
          .sort(),
      );
    }
  }
  return files;
}

function print(judged: readonly Judged[]): void {
  console.log(verdictTable(judged));
  for (const each of judged.filter(({ needsSteering }) => needsSteering)) {
    console.log(`\n${each.file}: ${each.steeringType}`);
    for (const evidence of each.evidence) {
      console.log(`  ${evidence.rule}: ${visible(evidence.detail)} (events ${eventRange(evidence.events)})`);
    }
    if (each.recommendation !== undefined) console.log(`  -> ${visible(each.recommendation)}`);
  }
  for (const each of judged)
    for (const note of each.notes ?? []) console.log(`note: ${each.file}: ${visible(note)}`);
}
