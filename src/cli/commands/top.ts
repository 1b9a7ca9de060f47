import { type SettingsOptions, settingsOf } from '../settings.js';
import { pc } from '../terminal.js';
import { checkTerminal } from '../top/terminal.js';
import { showTop } from '../top/top.js';

/** Shows the fleet, live, over the whole terminal. @returns the exit code. */
export async function top(options: SettingsOptions): Promise<number> {
  checkTerminal(process.env);
  const { settings } = settingsOf(options);
  return showTop({ settings, colours: pc.isColorSupported });
}
