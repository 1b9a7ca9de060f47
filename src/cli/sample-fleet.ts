import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { AgentSpec } from '../messages/agents.js';

const FOLDER = new URL('../../../fleet/', import.meta.url);

/** The fleet that the project ships, watched when nothing else is configured. */
export function sampleFleet(): AgentSpec[] {
  const text = readFileSync(new URL('fleet.yaml', FOLDER), 'utf8');
  const { agents } = z.object({ agents: z.array(AgentSpec) }).parse(parse(text));
  return agents.map((agent) => ({ ...agent, workspace: fileURLToPath(FOLDER) }));
}
