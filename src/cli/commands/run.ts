import { resolve } from 'node:path';
import { runAgent } from '../../managed/run-agent.js';
import type { RestartWhen } from '../../managed/runner.js';
import type { SteerMode } from '../../managed/steering.js';
import { parseWith, VigilError } from '../../messages/errors.js';
import { Id } from '../../messages/ids.js';
import type { Settings } from '../../settings/schema.js';
import { findRunning } from '../running.js';
import { type SettingsOptions, settingsOf } from '../settings.js';

export interface RunCommandOptions extends SettingsOptions {
  readonly id: string;
  readonly goal?: string;
  readonly restart: RestartWhen;
  readonly steer?: SteerMode;
  readonly logDir?: string;
  readonly takeOver?: boolean;
}

/** As shells have it: no such program, and one that cannot be run. */
const NO_SUCH_PROGRAM = 127;
const CANNOT_RUN = 126;

/** Runs a program as a managed agent. @returns its exit code. */
export async function run(command: readonly string[], options: RunCommandOptions): Promise<number> {
  const id = parseWith(Id, options.id, '--id');
  const [file, ...args] = command;
  if (file === undefined)
    throw new VigilError(
      'BAD_REQUEST',
      'run: name the program behind "--", for example vigil run --id a1 -- ./agent.sh',
    );
  const { settings } = settingsOf(options);
  try {
    return await runAgent({
      id,
      goal: options.goal,
      command: [file, ...args],
      restart: options.restart,
      steer: options.steer ?? 'none',
      takeOver: options.takeOver === true,
      folder: resolve(options.logDir ?? resolve(settings.dataDir, 'agents', id)),
      settings: settings.managed,
      label: settings.hosts.label,
      env: process.env,
      find: () => accessOf(settings),
    });
  } catch (error) {
    if (!(error instanceof VigilError)) throw error;
    const { code } = error;
    if (code !== 'NOT_FOUND' && code !== 'FORBIDDEN') throw error;
    console.error(`vigil: ${error.message}`);
    return code === 'NOT_FOUND' ? NO_SUCH_PROGRAM : CANNOT_RUN;
  }
}

/** The broker that was named, or that of the supervisor on the data directory, with the key of an agent. */
function accessOf(settings: Settings) {
  const { connectTimeoutMs, pingIntervalMs, url: named } = settings.nats;
  const { url, prefix, nkeyFile, credsFile, agentNkeyFile } = findRunning(settings);
  const key = agentNkeyFile ?? nkeyFile;
  return {
    url,
    prefix,
    nkeyFile: key,
    credsFile,
    connectTimeoutMs,
    pingIntervalMs,
    local: named === undefined,
  };
}
