import { z } from 'zod';
import { Settings } from './schema.js';

/** One setting, as the schema has it. */
export interface Setting {
  /** Dotted name, as in files. */
  readonly name: string;
  /** Its environment variable. */
  readonly variable: string;
  /** Without default and optionality. */
  readonly schema: z.core.$ZodType;
  readonly description: string;
}

/** Every setting, in the schema's order. */
export const SETTINGS: readonly Setting[] = leavesOf(Settings, '');

/** Dotted names of the groups that settings stand in. */
export const SECTIONS: readonly string[] = [
  ...new Set(
    SETTINGS.flatMap(({ name }) => name.split('.').map((_part, i, parts) => parts.slice(0, i).join('.'))),
  ),
].filter((name) => name !== '');

function leavesOf(schema: z.core.$ZodType, name: string): Setting[] {
  const inner = unwrapped(schema);
  if (!(inner instanceof z.ZodObject))
    return [{ name, variable: variableOf(name), schema: inner, description: descriptionOf(schema) }];
  return Object.entries(inner.shape).flatMap(([key, value]) =>
    leavesOf(value as z.core.$ZodType, name === '' ? key : `${name}.${key}`),
  );
}

function isWrapper(schema: z.core.$ZodType): schema is z.ZodDefault | z.ZodPrefault | z.ZodOptional {
  return schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional;
}

function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  return isWrapper(schema) ? unwrapped(schema.def.innerType) : schema;
}

/** The outermost one that is there: `.describe()` may stand before or after `.default()`. */
function descriptionOf(schema: z.core.$ZodType): string {
  const own = z.globalRegistry.get(schema)?.description;
  return own ?? (isWrapper(schema) ? descriptionOf(schema.def.innerType) : '');
}

function variableOf(name: string): string {
  return `VIGIL_${name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('.', '_')
    .toUpperCase()}`;
}
