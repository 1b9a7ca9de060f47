import type { z } from 'zod';
import { describeIssues } from '../../messages/errors.js';

/** Like `safeParse`; what is nested too deep for the schema to follow does not fit it. */
export function parseBody(
  schema: z.ZodType,
  body: unknown,
): { success: true; data: unknown } | { success: false; why: string } {
  try {
    const parsed = schema.safeParse(body);
    return parsed.success ? parsed : { success: false, why: describeIssues(parsed.error) };
  } catch (error) {
    if (error instanceof RangeError) return { success: false, why: 'nested too deep' };
    throw error;
  }
}
