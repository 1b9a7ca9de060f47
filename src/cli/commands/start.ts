import { EXIT } from '../exit-codes.js';
import { FleetView } from '../fleet-view.js';
import { startOwn } from '../own-supervisor.js';
import { Progress } from '../progress.js';
import { sampleFleet } from '../sample-fleet.js';
import { type SettingsOptions, settingsOf } from '../settings.js';
import { pc } from '../terminal.js';

export interface StartOptions extends SettingsOptions {
  readonly once?: boolean;
  readonly json?: boolean;
}

/** Starts Vigil, shows a first analysis of the fleet, and watches on until `stopAsked`. @returns the exit code. */
export async function start(options: StartOptions, stopAsked: Promise<'stop'>): Promise<number> {
  const json = options.json === true;
  const { settings, file } = settingsOf(options);
  const progress = new Progress(json);
  progress.step('Starting Vigil');
  const sample = file === undefined ? sampleFleet() : [];
  const { client, dashboard, ended, stop } = await startOwn(settings, progress, sample);
  let view: FleetView | undefined;
  try {
    view = await FleetView.open(client, settings, json);
    const over = Promise.race([ended, view.ended]);
    const first = await Promise.race([view.firstAnalysis(progress), stopAsked, over]);
    progress.done();
    if (first instanceof Error) throw first;
    if (first === 'stop') return options.once === true ? EXIT.interrupted : EXIT.fine;
    if (options.once === true) return EXIT.fine;
    if (!json) {
      console.log(pc.dim(`\nWatching. Broker ${client.url}, subjects ${settings.prefix}.>; Ctrl-C stops.`));
      if (dashboard !== undefined) console.log(`Dashboard ${dashboard}`);
    }
    view.follow();
    const end = await Promise.race([stopAsked, over]);
    if (end instanceof Error) throw end;
    return EXIT.fine;
  } finally {
    progress.done();
    if (!json && options.once !== true) progress.step('Stopping');
    view?.close();
    await stop();
    progress.done();
  }
}
