import { z } from 'zod';
import { VigilError } from '../messages/errors.js';
import { SECTIONS, SETTINGS, type Setting } from './catalogue.js';
import { nearest } from './nearest.js';
import type { Origin } from './origin.js';

type Origins = ReadonlyMap<string, Origin>;

const BY_NAME = new Map(SETTINGS.map((setting) => [setting.name, setting]));
const VARIABLES = SETTINGS.map(({ variable }) => variable);
const REFERENCE = 'docs/reference/settings.md';
const MAX_ISSUES = 5;
const MAX_HINTS = 3;

/** What is wrong with each setting, how it is written, and where it stands. Values are left out: some are secrets. */
export function wrongSettings(error: z.ZodError, origins: Origins): VigilError {
  const shown = error.issues.slice(0, MAX_ISSUES).map((issue) => {
    const name = issue.path.map(String).join('.');
    const what = name === '' ? issue.message : `${name}: ${issue.message}`;
    return `${what}${mendOf(issue, name, origins)}${sourceOf(issue, name, origins)}`;
  });
  const more = error.issues.length - shown.length;
  return new VigilError(
    'BAD_REQUEST',
    `settings: ${shown.join('; ')}${more > 0 ? `; and ${more} more` : ''} (all settings: ${REFERENCE}; the files in use: vigil config path)`,
  );
}

export function unknownVariable(variable: string): VigilError {
  const hint = nearest(variable, VARIABLES);
  return new VigilError(
    'BAD_REQUEST',
    `environment variable ${variable} is no setting${hint === undefined ? '' : `; did you mean ${hint}?`} (all settings: ${REFERENCE})`,
  );
}

function mendOf(issue: z.core.$ZodIssue, name: string, origins: Origins): string {
  if (issue.code === 'unrecognized_keys') return suggestions(issue.keys.map((key) => nameIn(name, key)));
  const setting = BY_NAME.get(name);
  if (issue.code !== 'invalid_type' || setting === undefined) return '';
  const { type } = setting.schema._zod.def;
  if (type === 'boolean') return '; write true or false';
  if (type !== 'array') return '';
  const list = `[${sampleOf(setting)}]`;
  return origins.get(name) === 'environment'
    ? `; a list in a variable is JSON: ${setting.variable}='${list}'`
    : `; write a list: ${list}`;
}

function suggestions(names: readonly string[]): string {
  return names
    .map((name) => nearest(name, [...BY_NAME.keys(), ...SECTIONS]))
    .filter((hint) => hint !== undefined)
    .slice(0, MAX_HINTS)
    .map((hint) => `; did you mean ${hint}?`)
    .join('');
}

/** One item of a list, as JSON. */
function sampleOf({ schema }: Setting): string {
  const item = schema instanceof z.ZodArray ? schema.element : undefined;
  if (item instanceof z.ZodEnum) return JSON.stringify(item.options[0]);
  return item instanceof z.ZodObject ? '{...}' : '"..."';
}

function sourceOf(issue: z.core.$ZodIssue, name: string, origins: Origins): string {
  const names = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => nameIn(name, key)) : [name];
  const sources = new Set(names.map((each) => sourceOfName(each, origins)).filter((from) => from !== ''));
  return sources.size === 0 ? '' : ` (from ${[...sources].join(', ')})`;
}

/** A part of a list came with the list. */
function sourceOfName(name: string, origins: Origins): string {
  for (let at = name; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('.')))) {
    const origin = origins.get(at);
    if (origin === 'environment') return BY_NAME.get(at)?.variable ?? origin;
    if (origin !== undefined) return origin === 'flag' ? 'the command line' : origin;
  }
  return '';
}

function nameIn(group: string, key: string): string {
  return group === '' ? key : `${group}.${key}`;
}
