import { z } from 'zod';
import { AgentSpec } from '../messages/agents.js';
import { SETTINGS, type Setting } from '../settings/catalogue.js';
import { Settings } from '../settings/schema.js';
import { code, GENERATED, table } from './markdown.js';

/** `docs/reference/settings.md`. */
export function settingsPage(): string {
  const groupOf = ({ name }: Setting) => (name.includes('.') ? name.slice(0, name.indexOf('.')) : '');
  const groups = [...new Set(SETTINGS.map(groupOf))];
  const sections = groups.map(
    (group) =>
      `## ${group === '' ? 'General' : group}\n\n${settingsTable(SETTINGS.filter((each) => groupOf(each) === group))}`,
  );
  return `${GENERATED}

# Settings

The defaults, then the user's \`~/.config/vigil/config.yaml\` (\`XDG_CONFIG_HOME\`), then \`vigil.config.yaml\` (\`.yml\`,
\`.json\`; or the file that \`--config\` or \`VIGIL_CONFIG\` names), then the environment, then flags: the later one wins. An unknown or wrong setting is refused with its name and the mend. \`vigil config\`
prints the effective ones and where each came from. Lists and objects in the environment are JSON; an empty variable is
not set. A \`~/\` at the start of a path is the home folder. \`vigil config path\` names the files. [This schema](../vigil.config.schema.json), named as \`$schema\` in the file,
tells an editor every setting.

${sections.join('\n\n')}

## One of \`agents\`

${table(
  ['name', 'value', ''],
  Object.entries(AgentSpec.shape).map(([name, schema]) => [
    code(name),
    `${bounds(schema)}${schema.safeParse(undefined).success ? '' : ', required'}`,
    schema.description ?? '',
  ]),
)}
`;
}

function settingsTable(settings: readonly Setting[]): string {
  const defaults: unknown = Settings.parse({});
  return table(
    ['name', 'variable', 'default', 'value', ''],
    settings.map(({ name, variable, schema, description }) => {
      const value = name
        .split('.')
        .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], defaults);
      return [
        code(name),
        code(variable),
        value === undefined ? '' : code(JSON.stringify(value)),
        bounds(schema),
        description,
      ];
    }),
  );
}

/** What a value has to be, in a few words. */
function bounds(schema: z.core.$ZodType): string {
  const json = z.toJSONSchema(schema, { io: 'input' });
  if (json.enum !== undefined) return json.enum.map((value) => code(String(value))).join(', ');
  if (json.type === 'array') return `list${json.maxItems === undefined ? '' : `, at most ${json.maxItems}`}`;
  if (json.type === 'boolean') return `${code('true')}, ${code('false')}`;
  if (json.type === 'string') {
    const length = json.maxLength === undefined ? '' : `, at most ${json.maxLength} characters`;
    return json.pattern === undefined ? `text${length}` : `text, ${code(json.pattern)}`;
  }
  return `${json.type === 'integer' ? 'whole number' : 'number'}${range(json)}`;
}

function range(json: z.core.JSONSchema.BaseSchema): string {
  const { minimum, exclusiveMinimum } = json;
  const maximum = json.maximum === Number.MAX_SAFE_INTEGER ? undefined : json.maximum;
  if (exclusiveMinimum !== undefined) return `, above ${exclusiveMinimum}`;
  if (minimum === undefined || minimum === Number.MIN_SAFE_INTEGER) return '';
  return maximum === undefined ? `, at least ${minimum}` : `, ${minimum} to ${maximum}`;
}
