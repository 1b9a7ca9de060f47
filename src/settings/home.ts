import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Settings } from './schema.js';

/** `~` and `~/…` as a shell has them: none stands between a settings file and Vigil. */
export function withHome(path: string, home: string): string {
  if (path === '~') return home;
  return path.startsWith('~/') ? join(home, path.slice(2)) : path;
}

/** An empty HOME is none. */
export function homeOf(env: Readonly<Record<string, string | undefined>>): string {
  return env['HOME'] || homedir();
}

/** Every setting that is a path, in place. */
export function expandHome(settings: Settings, home: string): void {
  const { nats, github, agents } = settings;
  settings.dataDir = withHome(settings.dataDir, home);
  expand(nats, ['server', 'nkeyFile', 'credsFile'], home);
  expand(github.app, ['keyFile'], home);
  for (const agent of agents) {
    agent.logs = agent.logs.map((path) => withHome(path, home));
    expand(agent, ['workspace', 'cwd'], home);
    if (agent.restart !== undefined) expand(agent.restart, ['cwd'], home);
  }
}

function expand<K extends string>(
  group: { [key in K]?: string | undefined },
  keys: readonly K[],
  home: string,
): void {
  for (const key of keys) {
    const path = group[key];
    if (path !== undefined) group[key] = withHome(path, home);
  }
}
