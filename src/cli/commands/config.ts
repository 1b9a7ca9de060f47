import { describeSettings } from '../../settings/load.js';
import { EXIT } from '../exit-codes.js';
import { type SettingsOptions, settingsOf } from '../settings.js';

export function config(options: SettingsOptions & { readonly json?: boolean }): number {
  const rows = describeSettings(settingsOf(options));
  if (options.json === true) console.log(JSON.stringify(rows, null, 2));
  else
    for (const { name, value, origin } of rows)
      console.log(`${name} = ${JSON.stringify(value)}  (${origin})`);
  return EXIT.fine;
}
