import { asyncApi } from './asyncapi.js';
import { cliPage } from './cli-page.js';
import { errorsPage } from './errors-page.js';
import { jsonSchemas, schemaFile } from './schemas.js';
import { settingsPage } from './settings-page.js';
import { settingsSchema } from './settings-schema.js';
import { subjectsPage } from './subjects-page.js';

/** Folders of `docs` in which nothing stands but what is generated. */
export const GENERATED_FOLDERS: readonly string[] = ['schemas', 'reference'];

/**
 * Everything that is generated into `docs`: text by path below it. Pure: the same for the same sources.
 *
 * @param version of the interface: that of the package.
 */
export function documents(version: string): ReadonlyMap<string, string> {
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  return new Map([
    ['asyncapi.json', json(asyncApi(version))],
    ...[...jsonSchemas()].map(([name, schema]): [string, string] => [
      `schemas/${schemaFile(name)}`,
      json(schema),
    ]),
    ['vigil.config.schema.json', json(settingsSchema())],
    ['reference/subjects.md', subjectsPage()],
    ['reference/settings.md', settingsPage()],
    ['reference/errors.md', errorsPage()],
    ['reference/cli.md', cliPage()],
  ]);
}
