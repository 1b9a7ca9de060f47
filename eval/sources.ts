import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readLog } from '../src/logs/read-log.js';
import type { AgentEvent, LogFormat } from '../src/messages/agent-event.js';
import { anchored, type FileLabel, type Range, readLabels, type Split } from './labels.js';

/** A labelled log that is at hand. */
export interface Source {
  readonly file: string;
  readonly path: string;
  readonly format: LogFormat;
  readonly split: Split;
  readonly label: FileLabel;
  readonly events: readonly AgentEvent[];
  /** The labelled ranges, found again in the events as they are read now. */
  readonly ranges: readonly Range[];
}

export interface Sources {
  readonly found: readonly Source[];
  /** Labelled logs that are not used, and why. */
  readonly leftOut: readonly { readonly file: string; readonly why: string }[];
}

/** The sample fleet is part of the project; the rest of the labelled logs may stand beside it. */
const FLEET = fileURLToPath(new URL('../../fleet/logs/', import.meta.url));
const BESIDE = fileURLToPath(new URL('../../../shared/data/agent-logs/', import.meta.url));

/** @param folders where logs are looked for, by file name, below the folders themselves. */
export async function readSources(splits: readonly Split[], folders: readonly string[]): Promise<Sources> {
  const paths = new Map<string, string>();
  for (const folder of [FLEET, ...folders])
    for (const path of filesBelow(folder)) paths.set(basename(path), path);
  const found: Source[] = [];
  const leftOut: { file: string; why: string }[] = [];
  for (const split of splits) {
    for (const label of readLabels(split)) {
      const source = await readSource(label, split, paths.get(label.file));
      if (typeof source === 'string') leftOut.push({ file: label.file, why: source });
      else found.push(source);
    }
  }
  return { found, leftOut };
}

/** `--logs`, else EVAL_LOGS, else the folder beside the project. */
export function logFolders(given: string | undefined): string[] {
  const folders = (given ?? process.env.EVAL_LOGS ?? BESIDE).split(',').filter((folder) => folder !== '');
  return folders.filter((folder) => existsSync(folder));
}

async function readSource(
  label: FileLabel,
  split: Split,
  path: string | undefined,
): Promise<Source | string> {
  if (path === undefined) return 'not at hand';
  try {
    const { events, format } = await readLog(path);
    const ranges = anchored(label, events);
    if (typeof ranges === 'string') return ranges;
    return { file: label.file, path, format, split, label, events, ranges };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The logs of these folders, or of the sample fleet when there are none. */
export function logFiles(folders: readonly string[]): string[] {
  return (folders.length === 0 ? [FLEET] : folders)
    .flatMap(filesBelow)
    .filter((path) => !/SOURCES|LICEN[CS]E|README/i.test(path));
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
