import { describeSettings } from '../../settings/load.js';
import { EXIT } from '../exit-codes.js';
import { placesOf, type SettingsOptions, settingsOf } from '../settings.js';

export interface ConfigOptions extends SettingsOptions {
  readonly origin?: boolean;
  readonly json?: boolean;
}

/** The effective settings, and where each came from. */
export function config(options: ConfigOptions): number {
  const all = describeSettings(settingsOf(options));
  const rows = options.origin === true ? all.filter(({ origin }) => origin !== 'default') : all;
  if (options.json === true) console.log(JSON.stringify(rows, null, 2));
  else
    for (const { name, value, origin } of rows)
      console.log(`${name} = ${JSON.stringify(value)}  (${origin})`);
  return EXIT.fine;
}

/** The files that settings come from: those that are there, the one that counts more first. */
export function path(options: SettingsOptions & { readonly json?: boolean }): number {
  const { file, userFile, places } = placesOf(options);
  const used = [file, userFile].filter((each) => each !== undefined);
  if (options.json === true) console.log(JSON.stringify({ used, places }, null, 2));
  else if (used.length > 0) for (const each of used) console.log(each);
  else console.error(`no file; settings may stand in\n${places.map((place) => `  ${place}`).join('\n')}`);
  return EXIT.fine;
}
