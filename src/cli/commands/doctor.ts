import { visible } from '../../messages/visible.js';
import type { Loaded } from '../../settings/load.js';
import { checkBroker, checkServerProgram } from '../doctor/broker.js';
import { attempt, type Check, fail, ok } from '../doctor/check.js';
import { checkDatabase, checkDataDir, checkKeys, checkLock } from '../doctor/data-dir.js';
import { EXIT } from '../exit-codes.js';
import { type SettingsOptions, settingsOf } from '../settings.js';
import { pc } from '../terminal.js';

const OLDEST_NODE = 20;
const MARKS = { ok: pc.green('ok  '), warn: pc.yellow('warn'), fail: pc.red('FAIL') } as const;
const NAME_WIDTH = 16;

/** Looks at the whole set-up, changes nothing. @returns the exit code. */
export async function doctor(options: SettingsOptions & { readonly json?: boolean }): Promise<number> {
  const checks = await look(options);
  if (options.json === true) console.log(JSON.stringify({ checks }, null, 2));
  else for (const line of checks.flatMap(linesOf)) console.log(line);
  return checks.some(({ state }) => state === 'fail') ? EXIT.failure : EXIT.fine;
}

async function look(options: SettingsOptions): Promise<Check[]> {
  const checks: Check[] = [checkNode()];
  let loaded: Loaded | undefined;
  checks.push(
    ...(await attempt('settings', 'mend the setting that is named; vigil config prints all', () => {
      loaded = settingsOf(options);
      const files = [loaded.userFile, loaded.file].filter((file) => file !== undefined);
      return [ok('settings', `valid (${files.join(', ') || 'no file'})`)];
    })),
  );
  if (loaded === undefined) return checks;
  const { settings } = loaded;
  const { dataDir, nats } = settings;
  const groups = [
    attempt('data directory', 'mend its rights, or set dataDir', () => checkDataDir(dataDir)),
    attempt('keys', 'mend the rights of the keys', () => checkKeys(dataDir, [nats.nkeyFile, nats.credsFile])),
    attempt('database', 'move it aside and restore a copy', () => checkDatabase(dataDir)),
    attempt('lock', 'mend the rights of the data directory', () => checkLock(dataDir)),
    attempt('nats-server', 'set nats.server to one that can be run', () => checkServerProgram(settings)),
    attempt('broker', 'start it, or mend nats.url', () => checkBroker(settings)),
  ];
  return [...checks, ...(await Promise.all(groups)).flat()];
}

function checkNode(): Check {
  const [major = '0'] = process.versions.node.split('.');
  return Number(major) >= OLDEST_NODE
    ? ok('Node', process.version)
    : fail('Node', `${process.version} is too old`, `install Node ${OLDEST_NODE} or newer`);
}

function linesOf({ name, state, message, mend }: Check): string[] {
  const line = `${MARKS[state]}  ${name.padEnd(NAME_WIDTH)}${visible(message)}`;
  return mend === undefined
    ? [line]
    : [line, `${' '.repeat(6 + NAME_WIDTH)}${pc.dim(`-> ${visible(mend)}`)}`];
}
