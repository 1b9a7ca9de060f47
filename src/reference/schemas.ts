import { z } from 'zod';
import { Tokens } from '../messages/agent-event.js';
import { AgentRecord, AgentSpec } from '../messages/agents.js';
import { CoherenceReport, Evidence, Phase, SteeringType, TrajectoryAnalysis } from '../messages/analysis.js';
import { CHANNELS, type PublicMessage } from '../messages/channels.js';
import { Failure } from '../messages/errors.js';
import { AgentFailure, AgentHealth, AgentStatus, HealthSummary } from '../messages/health.js';
import { TreeNode } from '../messages/requests.js';
import { AnalysisItem } from '../messages/results.js';

export type JsonSchema = Record<string, unknown>;

/** Parts that several messages have in common, so that they stand in one place only. */
const PARTS: Readonly<Record<string, z.ZodType>> = {
  AgentFailure,
  AgentHealth,
  AgentRecord,
  AgentSpec,
  AgentStatus,
  AnalysisItem,
  CoherenceReport,
  Evidence,
  Failure,
  HealthSummary,
  Phase,
  SteeringType,
  Tokens,
  TrajectoryAnalysis,
  TreeNode,
};

interface Named {
  readonly schema: z.ZodType;
  /** What a sender of it may write, or what a reader of it will find: they differ where a default stands. */
  readonly io: 'input' | 'output';
}

/** Every schema of the public interface by name. */
const NAMED: ReadonlyMap<string, Named> = named();

/** Names of all public messages and their parts, in order. */
export function schemaNames(): string[] {
  return [...NAMED.keys()];
}

/** What a message of that name has to fit; undefined when there is none. */
export function schemaNamed(name: string): z.ZodType | undefined {
  return NAMED.get(name)?.schema;
}

/** File of a schema in `docs/schemas`: `AnalyzeTrigger` in `analyze-trigger.json`. */
export function schemaFile(name: string): string {
  return `${name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase()}.json`;
}

/** JSON Schemas (draft 2020-12) of all public messages and their parts, by name; they refer to each other by file. */
export function jsonSchemas(): ReadonlyMap<string, JsonSchema> {
  return convert('draft-2020-12', schemaFile);
}

/** The same in the dialect that AsyncAPI documents carry (draft 7), referring to each other inside the document. */
export function componentSchemas(): ReadonlyMap<string, JsonSchema> {
  const schemas = convert('draft-7', (name) => `#/components/schemas/${name}`);
  for (const schema of schemas.values()) {
    delete schema['$schema'];
    delete schema['$id'];
  }
  return schemas;
}

function named(): Map<string, Named> {
  const all = new Map<string, Named>();
  const names = new Map<z.ZodType, string>();
  const add = (name: string, schema: z.ZodType, io: Named['io']) => {
    const known = all.get(name);
    if (known !== undefined && known.schema !== schema) throw new Error(`two schemas are named ${name}`);
    const other = names.get(schema) ?? name;
    if (other !== name) throw new Error(`one schema is named ${name} and ${other}`);
    names.set(schema, name);
    all.set(name, known ?? { schema, io });
  };
  const addAll = (messages: readonly PublicMessage[], io: Named['io']) => {
    for (const { name, schema } of messages) add(name, schema, io);
  };
  for (const channel of CHANNELS) {
    addAll(channel.messages, channel.direction === 'send' ? 'output' : 'input');
    addAll(channel.replies, 'output');
  }
  for (const [name, schema] of Object.entries(PARTS))
    add(name, schema, name === 'AgentSpec' ? 'input' : 'output');
  return new Map([...all].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function convert(
  target: 'draft-2020-12' | 'draft-7',
  uri: (name: string) => string,
): Map<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  for (const [id, { schema }] of NAMED) registry.add(schema, { id });
  const of = (io: Named['io']) =>
    z.toJSONSchema(registry, {
      target,
      io,
      uri,
      override: ({ zodSchema, jsonSchema }) => {
        // Only what is refused when it is more than expected says so: readers pass over fields of later versions.
        const { def } = zodSchema._zod;
        if (def.type === 'object' && !('catchall' in def && def.catchall !== undefined))
          delete jsonSchema.additionalProperties;
      },
    }).schemas;
  const both = { input: of('input'), output: of('output') };
  return new Map(
    [...NAMED].map(([name, { io }]) => [name, { title: name, ...both[io][name] } as JsonSchema]),
  );
}
