import type { AgentEvent } from '../messages/agent-event.js';
import { visible } from '../messages/visible.js';
import { pc } from './terminal.js';

const ROLE_COLOURS = { user: pc.cyan, assistant: pc.green, tool: pc.yellow, system: pc.dim } as const;
const ROLE_NAMES = { user: 'user', assistant: 'agent', tool: 'tool', system: 'system' } as const;
const ROLE_WIDTH = 6;
const INDEX_WIDTH = 5;

/** One event on one line: place, time, who, what; failures red. Text of agents without what moves a terminal's cursor. */
export function eventLine(event: AgentEvent, width: number): string {
  const index = pc.dim(String(event.index).padStart(INDEX_WIDTH));
  const time = pc.dim(timeOf(event.at));
  const role = ROLE_COLOURS[event.role](ROLE_NAMES[event.role].padEnd(ROLE_WIDTH));
  const room = Math.max(20, width - INDEX_WIDTH - ROLE_WIDTH - 19 - 3);
  const text = cut(textOf(event), room);
  const failed = event.isError === true || event.kind === 'error';
  return `${index} ${time} ${role} ${failed ? pc.red(text) : event.kind === 'thought' ? pc.dim(text) : text}`;
}

function textOf(event: AgentEvent): string {
  const side = event.sidechain === true ? '(sub-agent) ' : '';
  return `${side}${bodyOf(event)}${event.ended === undefined ? '' : ` [${event.ended}]`}`;
}

function bodyOf(event: AgentEvent): string {
  const { kind, tool = 'tool', input = '', text = '', tokens } = event;
  if (kind === 'tool_call') return `${tool}  ${input}`;
  if (kind === 'tool_result') return `${tool} -> ${outcomeOf(event)}`;
  if (kind === 'usage' && text === '') return `${tokens?.input ?? 0} tokens in, ${tokens?.output ?? 0} out`;
  if (kind === 'error') return `error: ${text}`;
  return text;
}

/** How it went, and the first line of what came of it. */
function outcomeOf({ output = '', exitCode, isError, rejected }: AgentEvent): string {
  const first = output.split('\n').find((line) => line.trim() !== '') ?? '';
  const lines = output.trimEnd().split('\n').length;
  const more = lines > 1 ? ` (+${lines - 1} lines)` : '';
  const how = rejected === true ? 'refused by a person' : isError === true ? 'failed' : 'ok';
  const code = exitCode === undefined ? '' : `, exit ${exitCode}`;
  return `${how}${code}${first === '' ? '' : `: ${first}`}${more}`;
}

function timeOf(at: number | null): string {
  if (at === null) return '-'.padEnd(19);
  const time = new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString();
  return time.slice(0, 19).replace('T', ' ');
}

function cut(text: string, width: number): string {
  const clean = visible(text).replace(/ {2,}/g, '  ').trim();
  return clean.length <= width ? clean : `${clean.slice(0, width - 1)}…`;
}
