import { z } from 'zod';
import { Settings } from '../settings/schema.js';
import type { JsonSchema } from './schemas.js';

/** The JSON Schema of `vigil.config.yaml`, for editors: what may be written there. */
export function settingsSchema(): JsonSchema {
  const schema = z.toJSONSchema(Settings, { io: 'input' }) as JsonSchema;
  const properties = { $schema: { type: 'string' }, ...(schema['properties'] as JsonSchema) };
  return { ...schema, title: 'vigil.config.yaml', properties };
}
