import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import type { z } from 'zod';
import { messageOf, VigilError } from '../messages/errors.js';
import { SETTINGS } from './catalogue.js';
import { expandHome, homeOf, withHome } from './home.js';
import type { Origin } from './origin.js';
import { withoutPasswords } from './redact.js';
import { unknownVariable, wrongSettings } from './refusal.js';
import { Settings } from './schema.js';
import { readYaml } from './yaml.js';

/** The files that settings come from. */
export interface Places {
  /** The configuration file used, absolute. */
  readonly file: string | undefined;
  /** That of the user, which counts less. */
  readonly userFile: string | undefined;
  /** Where files are looked for. */
  readonly places: readonly string[];
}

export interface Loaded extends Places {
  readonly settings: Settings;
  /** By dotted name, for the settings that are not at their default. */
  readonly origins: ReadonlyMap<string, Origin>;
}

export interface LoadOptions {
  /** Explicit file; else `vigil.config.yaml`, `.yml` or `.json` in `cwd`. */
  readonly file?: string | undefined;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** By dotted name; undefined values are passed over. */
  readonly flags?: Readonly<Record<string, unknown>>;
}

const NAMES: readonly string[] = SETTINGS.map((setting) => setting.name);
const VARIABLES = new Map(SETTINGS.map((setting) => [setting.variable, setting]));

const USER_NAMES = ['config.yaml', 'config.yml', 'config.json'];
const FILE_NAMES = ['vigil.config.yaml', 'vigil.config.yml', 'vigil.config.json'];

/** Variables that start with VIGIL_ but are not settings. */
const NOT_SETTINGS = new Set([
  'VIGIL_CONFIG',
  'VIGIL_AGENT_ID',
  'VIGIL_STEER_FILE',
  // Secrets: they are never settings, so that no command prints them.
  'VIGIL_GITHUB_TOKEN',
  'VIGIL_GITHUB_WEBHOOK_SECRET',
]);

/**
 * Effective settings: defaults, then the user's file, then that of the project, then `VIGIL_*`, then flags.
 *
 * @throws VigilError BAD_REQUEST naming the setting, what it got and how to mend it.
 */
export function loadSettings(options: LoadOptions): Loaded {
  const origins = new Map<string, Origin>();
  const found = findPlaces(options);
  const { userFile, file } = found;
  let tree: Record<string, unknown> = {};
  for (const each of [userFile, file]) if (each !== undefined) tree = withFile(tree, each, origins);
  for (const [variable, text] of Object.entries(options.env)) {
    if (!variable.startsWith('VIGIL_') || text === undefined || NOT_SETTINGS.has(variable)) continue;
    const setting = VARIABLES.get(variable);
    if (setting === undefined) throw unknownVariable(variable);
    // An empty variable is how shells and containers say "not set".
    if (text === '') continue;
    setAt(tree, setting.name, isText(setting.schema) ? text : fromText(text));
    origins.set(setting.name, 'environment');
  }
  for (const [name, value] of Object.entries(options.flags ?? {})) {
    if (value === undefined) continue;
    setAt(tree, name, value);
    origins.set(name, 'flag');
  }
  const parsed = Settings.safeParse(tree);
  if (!parsed.success) throw wrongSettings(parsed.error, origins);
  expandHome(parsed.data, homeOf(options.env));
  return { ...found, settings: parsed.data, origins };
}

/**
 * Without a look into the files: to find the one with a mistake.
 *
 * @throws VigilError BAD_REQUEST when a file was named that is not there.
 */
export function findPlaces(options: LoadOptions): Places {
  const userPlaces = userPlacesIn(options.env);
  return {
    file: findFile(options),
    userFile: userPlaces.find((path) => existsSync(path)),
    places: [...FILE_NAMES.map((name) => resolve(options.cwd, name)), ...userPlaces],
  };
}

/** The settings as rows for a person: name, value, origin. Passwords in URLs, tokens and secrets are left out. */
export function describeSettings(loaded: Loaded): { name: string; value: unknown; origin: Origin }[] {
  return NAMES.map((name) => ({
    name,
    value: shown(name, getAt(loaded.settings, name)),
    origin: loaded.origins.get(name) ?? 'default',
  })).filter((row) => row.value !== undefined);
}

function shown(name: string, value: unknown): unknown {
  if (value !== undefined && /\.(?:token|secret)$/i.test(name)) return '***';
  return typeof value === 'string' && /url$/i.test(name) ? withoutPasswords(value) : value;
}

function findFile({ file, cwd, env }: LoadOptions): string | undefined {
  const named = file ?? env['VIGIL_CONFIG'];
  if (named !== undefined && named !== '') {
    const path = resolve(cwd, withHome(named, homeOf(env)));
    if (!existsSync(path)) throw new VigilError('BAD_REQUEST', `configuration file ${path} does not exist`);
    return path;
  }
  return FILE_NAMES.map((name) => resolve(cwd, name)).find((path) => existsSync(path));
}

/** Of the user, for all projects: `~/.config/vigil/config.yaml`, by the XDG base directories. */
function userPlacesIn(env: LoadOptions['env']): string[] {
  const { XDG_CONFIG_HOME: xdg, HOME: home } = env;
  const base = xdg !== undefined && isAbsolute(xdg) ? xdg : home && resolve(home, '.config');
  return base === undefined || base === '' ? [] : USER_NAMES.map((name) => resolve(base, 'vigil', name));
}

/** What stands in a file comes before what is there. Lists are taken whole. */
function withFile(
  below: Record<string, unknown>,
  file: string,
  origins: Map<string, Origin>,
): Record<string, unknown> {
  const { $schema, ...own } = readFile(file);
  if ($schema !== undefined && typeof $schema !== 'string')
    throw new VigilError(
      'BAD_REQUEST',
      `configuration file ${file}: $schema: expected the address of a schema`,
    );
  for (const name of leavesOf(own)) origins.set(name, file);
  return merged(below, own);
}

/** Of own properties only, whatever they are called. */
function merged(
  below: Readonly<Record<string, unknown>>,
  above: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const entries = Object.entries(above).map(([key, value]) => {
    const known = Object.hasOwn(below, key) ? below[key] : undefined;
    return [key, isObject(known) && isObject(value) ? merged(known, value) : value];
  });
  return Object.fromEntries([...Object.entries(below), ...entries]);
}

function readFile(path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseYaml(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new VigilError('BAD_REQUEST', `configuration file ${path}: ${messageOf(error).split('\n')[0]}`, {
      cause: error,
    });
  }
  if (value === null || value === undefined) return {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new VigilError(
      'BAD_REQUEST',
      `configuration file ${path}: expected settings by name, such as "cycle: {intervalMs: 60000}"`,
    );
  }
  return withoutEmpty(value as Record<string, unknown>);
}

/** @throws also for what YAML only warns of, such as an unknown tag: a setting is not guessed. */
function parseYaml(text: string): unknown {
  const document = readYaml(text);
  const [issue] = [...document.errors, ...document.warnings];
  if (issue !== undefined) throw issue;
  return document.toJS();
}

/** A name with nothing behind it (`cycle:` with all its lines commented out) is not set. */
function withoutEmpty(tree: Record<string, unknown>): Record<string, unknown> {
  const filled = (group: object) => Object.entries(group).filter(([, value]) => value !== null);
  return Object.fromEntries(
    filled(tree).map(([name, value]) => [name, isObject(value) ? Object.fromEntries(filled(value)) : value]),
  );
}

function isText(schema: z.core.$ZodType): boolean {
  return schema._zod.def.type === 'string' || schema._zod.def.type === 'enum';
}

/** Numbers, booleans and JSON are taken as such, everything else as text. */
function fromText(text: string): unknown {
  if (/^(?:-?\d+(?:\.\d+)?|true|false|\[.*\]|\{.*\})$/s.test(text)) {
    try {
      return JSON.parse(text);
    } catch (error) {
      if (error instanceof SyntaxError) return text;
      throw error;
    }
  }
  return text;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What stands in the way and is no group is left there: the schema names it. */
function setAt(tree: Record<string, unknown>, name: string, value: unknown): void {
  const keys = name.split('.');
  const last = keys.pop();
  let at = tree;
  for (const key of keys) {
    const inner = at[key];
    if (isObject(inner)) at = inner;
    else if (inner !== undefined) return;
    else {
      const made: Record<string, unknown> = {};
      at[key] = made;
      at = made;
    }
  }
  if (last !== undefined) at[last] = value;
}

function getAt(tree: unknown, name: string): unknown {
  return name.split('.').reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), tree);
}

function leavesOf(tree: Record<string, unknown>, path = ''): string[] {
  return Object.entries(tree).flatMap(([key, value]) =>
    isObject(value) && path.split('.').length < 4 ? leavesOf(value, `${path}${key}.`) : [`${path}${key}`],
  );
}
