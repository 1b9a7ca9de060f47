import { findPlaces, type Loaded, type LoadOptions, loadSettings, type Places } from '../settings/load.js';

/** The options of `withSettings`, as commander hands them over. */
export interface SettingsOptions {
  readonly config?: string;
  readonly dataDir?: string;
  readonly natsUrl?: string;
  readonly hosts?: number;
  readonly port?: number;
  readonly nkeyFile?: string;
  readonly credsFile?: string;
  readonly label?: string;
  readonly grace?: number;
  readonly logBytes?: number;
  readonly logFiles?: number;
}

export function settingsOf(options: SettingsOptions): Loaded {
  return loadSettings(sourcesOf(options));
}

/** The files that they come from, whatever stands in these. */
export function placesOf(options: SettingsOptions): Places {
  return findPlaces(sourcesOf(options));
}

function sourcesOf(options: SettingsOptions): LoadOptions {
  return {
    file: options.config,
    cwd: process.cwd(),
    env: process.env,
    flags: {
      dataDir: options.dataDir,
      'nats.url': options.natsUrl,
      'nats.port': options.port,
      'nats.nkeyFile': options.nkeyFile,
      'nats.credsFile': options.credsFile,
      'hosts.count': options.hosts,
      'hosts.label': options.label,
      'managed.graceMs': options.grace === undefined ? undefined : options.grace * 1_000,
      'managed.maxFileBytes': options.logBytes,
      'managed.maxFiles': options.logFiles,
    },
  };
}
