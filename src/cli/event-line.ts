import type { AgentEvent } from '../messages/agent-event.js';
import { pc } from './terminal.js';
import { cutTo } from './width.js';

const ROLE_COLOURS = { user: pc.cyan, assistant: pc.green, tool: pc.yellow, system: pc.dim } as const;
const ROLE_NAMES = { user: 'user', assistant: 'agent', tool: 'tool', system: 'system' } as const;
const ROLE_WIDTH = 6;
const INDEX_WIDTH = 5;
const TIME_WIDTH = 19;

/** An event in words. */
export interface EventParts {
  readonly index: string;
  /** `2026-01-31 12:00:00` by the clock of this machine; "-" where the log states none. */
  readonly time: string;
  readonly role: string;
  readonly text: string;
  readonly tone: 'failed' | 'quiet' | 'plain';
}

export function eventParts(event: AgentEvent): EventParts {
  const failed = event.isError === true || event.kind === 'error';
  return {
    index: String(event.index),
    time: timeOf(event.at),
    role: ROLE_NAMES[event.role],
    text: textOf(event),
    tone: failed ? 'failed' : event.kind === 'thought' ? 'quiet' : 'plain',
  };
}

/** One event on one line: place, time, who, what; failures red. Text of agents without what moves a terminal's cursor. */
export function eventLine(event: AgentEvent, width: number): string {
  const { index, time, role, text, tone } = eventParts(event);
  const room = Math.max(20, width - INDEX_WIDTH - ROLE_WIDTH - TIME_WIDTH - 3);
  const cut = cutTo(text.replace(/ {2,}/g, '  '), room);
  const facts = [
    pc.dim(index.padStart(INDEX_WIDTH)),
    pc.dim(time.padEnd(TIME_WIDTH)),
    ROLE_COLOURS[event.role](role.padEnd(ROLE_WIDTH)),
  ];
  return `${facts.join(' ')} ${tone === 'failed' ? pc.red(cut) : tone === 'quiet' ? pc.dim(cut) : cut}`;
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
  if (at === null) return '-';
  const time = new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString();
  return time.slice(0, 19).replace('T', ' ');
}
