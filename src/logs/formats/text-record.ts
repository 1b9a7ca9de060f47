import type { DraftMaker } from '../drafts.js';
import { exitCodeIn } from '../failure-text.js';
import type { Draft } from './format.js';

/** What one record of a plain log says: a level and lines, or a block of an agent's action or observation. */

export interface TextRecord {
  /** Its first line, from 1. */
  readonly number: number;
  readonly at: number | null;
  readonly level: string;
  readonly lines: readonly string[];
}

/** The action that has no observation yet. A JSON value. */
export type OpenCall = { readonly id: string; readonly tool: string } | null;

const FAILURE_LEVELS = new Set(['ERROR', 'CRITICAL', 'FATAL', 'SEVERE']);

/** `**CmdRunAction (source=None, is_input=False)**`, as OpenHands prints actions and observations. */
const ACTION = /^\*\*(\w{1,64}Action)\b/;
const OBSERVATION = /^\*\*(\w{1,64}Observation)\b/;
/** Headings of an action's body. */
const BODY_HEADING = /^(?:COMMAND|CODE|CONTENT|THOUGHT|PATH):\s?/;
const SPEAKER = /^(User|USER|Human|HUMAN|Assistant|ASSISTANT|Agent|AI|System|SYSTEM)\s?: /;

export function eventOfRecord(
  record: TextRecord,
  call: OpenCall,
  make: DraftMaker,
): { readonly event: Draft; readonly call: OpenCall } {
  const first = record.lines[0] ?? '';
  const action = ACTION.exec(first)?.[1];
  if (action !== undefined) return actionEvent(record, action, call, make);
  const observation = OBSERVATION.exec(first)?.[1];
  if (observation !== undefined) return observationEvent(record, observation, call, make);
  return { event: plainEvent(record, first, make), call };
}

function plainEvent(record: TextRecord, first: string, make: DraftMaker): Draft {
  const text = record.lines.join('\n');
  const trace = record.level === '' && first.startsWith('Traceback (most recent call last)');
  if (FAILURE_LEVELS.has(record.level) || trace) return make.error(record.at, 'system', text);
  const speaker = SPEAKER.exec(first);
  if (speaker !== null) return spokenEvent(record.at, speaker, text, make);
  // A level marks the line of a program; without one it is what the agent itself printed.
  if (record.level !== '') return make.system(record.at, text);
  if (/^(?:ERROR|Error|FATAL|fatal)(?::|\s\[)/.test(first)) return make.error(record.at, 'system', text);
  return make.message(record.at, 'assistant', text);
}

function spokenEvent(at: number | null, speaker: RegExpExecArray, text: string, make: DraftMaker): Draft {
  const said = text.slice(speaker[0].length);
  const who = (speaker[1] ?? '').toLowerCase();
  if (who === 'system') return make.system(at, said);
  return make.message(at, who === 'user' || who === 'human' ? 'user' : 'assistant', said);
}

function actionEvent(
  record: TextRecord,
  action: string,
  call: OpenCall,
  make: DraftMaker,
): { event: Draft; call: OpenCall } {
  const body = record.lines.slice(1);
  if (BODY_HEADING.test(body[0] ?? '')) body[0] = (body[0] ?? '').replace(BODY_HEADING, '');
  const input = body.join('\n').trim();
  if (action === 'MessageAction') return { event: make.message(record.at, 'assistant', input), call };
  if (action === 'AgentThinkAction') return { event: make.thought(record.at, input), call };
  const id = `line-${record.number}`;
  const event = make.call(record.at, { tool: action, input, callId: id, asCommand: true });
  return { event, call: { id, tool: action } };
}

function observationEvent(
  record: TextRecord,
  observation: string,
  call: OpenCall,
  make: DraftMaker,
): { event: Draft; call: OpenCall } {
  const output = bodyOf(record.lines);
  const stated = /\bexit code=(-?\d{1,3})\b/.exec(record.lines[0] ?? '')?.[1];
  const exitCode = stated === undefined ? exitCodeIn(output) : Number(stated);
  const isError = observation === 'ErrorObservation' || (exitCode !== undefined && exitCode !== 0);
  const event = make.result(record.at, {
    output,
    tool: call?.tool ?? observation,
    callId: call?.id,
    exitCode,
    isError,
  });
  return { event, call: null };
}

/** The lines between the markers; without markers, everything behind the first line. */
function bodyOf(lines: readonly string[]): string {
  const start = lines.findIndex((line) => line.startsWith('--BEGIN AGENT OBSERVATION--'));
  const end = lines.findIndex((line) => line.startsWith('--END AGENT OBSERVATION--'));
  return lines.slice(start === -1 ? 1 : start + 1, end === -1 ? undefined : end).join('\n');
}
