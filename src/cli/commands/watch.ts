import { homedir } from 'node:os';
import { follow } from '../../discovery/follow.js';
import { type Root, rootsOf, usualRoots } from '../../discovery/roots.js';
import { type Changes, Sessions } from '../../discovery/sessions.js';
import { messageOf } from '../../messages/errors.js';
import { visible } from '../../messages/visible.js';
import type { Settings } from '../../settings/schema.js';
import { attachOrStart } from '../attach.js';
import { EXIT } from '../exit-codes.js';
import { FleetView } from '../fleet-view.js';
import { Progress } from '../progress.js';
import { SessionRegistry } from '../session-registry.js';
import { type SettingsOptions, settingsOf } from '../settings.js';
import { pc } from '../terminal.js';

export interface WatchOptions extends SettingsOptions {
  readonly subagents?: boolean;
  readonly once?: boolean;
  readonly json?: boolean;
}

/** Finds the sessions on this machine and watches them until `stopAsked`. @returns the exit code. */
export async function watch(
  paths: readonly string[],
  options: WatchOptions,
  stopAsked: Promise<'stop'>,
): Promise<number> {
  const json = options.json === true;
  const { settings } = settingsOf(options);
  const roots =
    paths.length > 0 ? rootsOf(paths) : usualRoots({ home: homedir(), codexHome: process.env['CODEX_HOME'] });
  const progress = new Progress(json);
  progress.step('Looking for sessions');
  const sessions = sessionsIn(roots, options, settings);
  const first = await sessions.look();
  for (const note of first.notes) console.error(`vigil: ${visible(note)}`);
  if (first.appeared.length === 0) console.error(`vigil: ${nothingFound(roots, settings)}`);
  if (first.appeared.length === 0 && options.once === true) return EXIT.notFound;
  const fleet = await attachOrStart(settings, progress);
  let view: FleetView | undefined;
  try {
    const registry = new SessionRegistry(fleet.client);
    const shown = await FleetView.open(fleet.client, settings, json);
    view = shown;
    const over = Promise.race([fleet.ended, shown.ended]);
    const begin = async () => {
      await registry.add(first.appeared);
      await registry.removeOthers(roots, sessions.ids);
      return first.appeared.length === 0 ? [] : shown.firstAnalysis(progress, sessions.ids);
    };
    const verdicts = await Promise.race([begin(), stopAsked, over]);
    progress.done();
    if (verdicts instanceof Error) throw verdicts;
    if (verdicts === 'stop') return options.once === true ? EXIT.interrupted : EXIT.fine;
    if (options.once === true)
      return verdicts.some(({ needsSteering }) => needsSteering) ? EXIT.needsPerson : EXIT.fine;
    if (!json)
      console.log(
        pc.dim(`\nWatching ${sessions.ids.length} sessions. Broker ${fleet.client.url}; Ctrl-C stops.`),
      );
    shown.follow((agent) => sessions.ids.includes(agent));
    const endFollow = followSessions(sessions, first, settings, registry, shown, json);
    const end = await Promise.race([stopAsked, over]);
    await endFollow();
    if (end instanceof Error) throw end;
    return EXIT.fine;
  } finally {
    progress.done();
    if (!json && options.once !== true) progress.step('Stopping');
    view?.close();
    await fleet.stop();
    progress.done();
  }
}

function sessionsIn(
  roots: readonly Root[],
  options: WatchOptions,
  { watch: limits, hosts }: Settings,
): Sessions {
  return new Sessions({
    roots,
    subagents: options.subagents === true,
    inactiveAfterMs: limits.inactiveAfterMs,
    maxSessions: limits.maxSessions,
    label: hosts.label,
    now: Date.now,
  });
}

/** Takes up sessions that come, and lets go of those that are over. @returns ends it. */
function followSessions(
  sessions: Sessions,
  first: Changes,
  { watch: { pollMs, maxFolders } }: Settings,
  registry: SessionRegistry,
  view: FleetView,
  json: boolean,
): () => Promise<void> {
  /** What the fleet has not been told yet, because it did not answer. */
  let untold: Pick<Changes, 'appeared' | 'ended'> = { appeared: [], ended: [] };
  let lastFailure = '';
  const say = (text: string) => {
    if (!json) console.log(`${new Date().toLocaleTimeString()}  ${visible(text)}`);
  };
  return follow({
    sessions,
    folders: first.folders,
    pollMs,
    maxFolders,
    taken: async ({ appeared, ended }) => {
      untold = { appeared: [...untold.appeared, ...appeared], ended: [...untold.ended, ...ended] };
      const ids = new Set(sessions.ids);
      const added = untold.appeared.filter(({ id }) => ids.has(id));
      const over = untold.ended.filter((id) => !ids.has(id));
      if (added.length > 0) await registry.add(added);
      if (over.length > 0) await registry.remove(over);
      untold = { appeared: [], ended: [] };
      lastFailure = '';
      for (const { id } of added) say(`${id}: new session`);
      for (const id of over) say(`${id}: over, watched no more`);
      if (added.length > 0) await view.analyze(added.map(({ id }) => id));
    },
    failed: (error) => {
      const text = messageOf(error);
      if (text !== lastFailure) console.error(`vigil: new sessions wait: ${visible(text)}`);
      lastFailure = text;
    },
  });
}

function nothingFound(roots: readonly Root[], { watch: { inactiveAfterMs } }: Settings): string {
  const hours = Math.round(inactiveAfterMs / 360_000) / 10;
  const places = roots.map(({ path }) => path).join(' and ');
  return `no session in ${places} has changed within ${hours} h; older ones: VIGIL_WATCH_INACTIVE_AFTER_MS, other places: vigil watch FOLDER`;
}
