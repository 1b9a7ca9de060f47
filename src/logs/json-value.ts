/**
 * Narrowing of parsed JSON. Logs are foreign data: every field is `unknown` until one of these has looked at it, and
 * a field of the wrong type counts as absent.
 */
export type JsonObject = { readonly [key: string]: unknown };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function objectOf(value: unknown): JsonObject | undefined {
  return isObject(value) ? value : undefined;
}

export function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function arrayOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A token or byte count: a whole number that is not negative; anything else counts as 0. */
export function countOf(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0;
}

export function integerOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

/** Depth below which a value is written as it came: nobody nests tool inputs that deep but to overflow a stack. */
const MAX_DEPTH = 64;

/** JSON text with the keys of every object sorted, so that equal values give equal texts. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(isSorted(value, 0) ? value : sortKeys(value, 0)) ?? 'null';
}

/** Most inputs come with few keys that are in order already: a look spares the copy. */
function isSorted(value: unknown, depth: number): boolean {
  if (depth > MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.every((item) => isSorted(item, depth + 1));
  if (!isObject(value)) return true;
  let last = '';
  for (const key of Object.keys(value)) {
    if (key < last || !isSorted(value[key], depth + 1)) return false;
    last = key;
  }
  return true;
}

function sortKeys(value: unknown, depth: number): unknown {
  if (depth > MAX_DEPTH) return '(nested too deep)';
  if (Array.isArray(value)) return value.map((item) => sortKeys(item, depth + 1));
  if (!isObject(value)) return value;
  const entries = Object.keys(value)
    .sort()
    .map((key): [string, unknown] => [key, sortKeys(value[key], depth + 1)]);
  // fromEntries defines properties, so a key named __proto__ stays a key.
  return Object.fromEntries(entries);
}
