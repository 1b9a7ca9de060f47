import { messageOf } from '../../messages/errors.js';

/** One thing that was looked at. */
export interface Check {
  readonly name: string;
  /** `warn`: works, and may not for long or not safely. `fail`: does not work. */
  readonly state: 'ok' | 'warn' | 'fail';
  readonly message: string;
  /** What to do about it; with `warn` and `fail`. */
  readonly mend?: string;
}

export function ok(name: string, message: string): Check {
  return { name, state: 'ok', message };
}

export function warn(name: string, message: string, mend: string): Check {
  return { name, state: 'warn', message, mend };
}

export function fail(name: string, message: string, mend: string): Check {
  return { name, state: 'fail', message, mend };
}

/** What a check that could not be made at all becomes. */
export async function attempt(
  name: string,
  mend: string,
  look: () => Promise<readonly Check[]> | readonly Check[],
): Promise<readonly Check[]> {
  try {
    return await look();
  } catch (error) {
    return [fail(name, messageOf(error).replace(/\s*\n\s*/g, ' '), mend)];
  }
}
