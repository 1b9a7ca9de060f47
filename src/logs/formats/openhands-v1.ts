import { parseJson } from '../../messages/json.js';
import type { DraftMaker } from '../drafts.js';
import { arrayOf, integerOf, isObject, type JsonObject, objectOf, stringOf } from '../json-value.js';
import { timeOf } from '../time.js';
import type { Draft } from './format.js';
import { failed, inputOf, isPoll, type Reading, type Session } from './openhands-session.js';

/** Events of the OpenHands SDK (version 1): one JSON object each, named by its `kind`. */

/** Kinds that hold no part of the conversation. */
const BOOKKEEPING = new Set([
  'SystemPromptUpdateEvent', 'CondensationRequest', 'TokenEvent', 'LLMCompletionLogEvent', 'StreamingDeltaEvent',
  'HookExecutionEvent', 'ResumeTranscriptEvent',
]); // biome-ignore format: a list

const END_STATES = new Set(['finished', 'error', 'stuck', 'stopped']);
const WAITING_STATES = new Set(['waiting_for_confirmation', 'paused']);

/** Kinds of SDK events end like this; nothing else names its records so. */
const KIND = /^[A-Z]\w{2,64}(?:Event|Observation)$|^Condensation/;

export function isV1Event(record: JsonObject): boolean {
  const kind = stringOf(record.kind);
  return kind !== undefined && KIND.test(kind) && typeof record.source === 'string' && 'timestamp' in record;
}

export function readV1(record: JsonObject, session: Session, make: DraftMaker): Reading {
  const kind = stringOf(record.kind) ?? '';
  const at = timeOf(record.timestamp);
  if (BOOKKEEPING.has(kind)) return 'skipped';
  switch (kind) {
    case 'SystemPromptEvent':
      return [make.system(at, stringOf(objectOf(record.system_prompt)?.text) ?? '')];
    case 'MessageEvent':
      return readMessage(at, record, session, make);
    case 'ActionEvent':
      return readAction(at, record, session, make);
    case 'ObservationEvent':
      return [readObservation(at, record, session, make)];
    case 'AgentErrorEvent': {
      const output = stringOf(record.error) ?? '';
      return [make.result(at, { ...ofCall(record, session), output, isError: true })];
    }
    case 'UserRejectObservation': {
      const output = stringOf(record.rejection_reason) ?? 'rejected';
      // A hook that blocks a call is no person who refuses it, but nor is it the agent's failure.
      return [make.result(at, { ...ofCall(record, session), output, rejected: true })];
    }
    case 'ConversationErrorEvent':
    case 'ServerErrorEvent':
      return [make.error(at, 'system', stringOf(record.detail) ?? stringOf(record.code) ?? kind)];
    case 'ConversationStateUpdateEvent':
      return readState(at, record, session, make);
    case 'PauseEvent':
    case 'InterruptEvent':
      return [make.system(at, 'paused by the user', 'user')];
    case 'Condensation':
    case 'CondensationSummaryEvent':
      return [make.system(at, stringOf(record.summary) ?? 'history condensed')];
    default:
      return 'unknown';
  }
}

function readMessage(at: number | null, record: JsonObject, session: Session, make: DraftMaker): Draft[] {
  const message = objectOf(record.llm_message) ?? {};
  const text = textOf(message.content);
  if (record.source === 'user') {
    session.asked = true;
    return [make.message(at, 'user', text)];
  }
  if (record.source !== 'agent') return [make.system(at, text)];
  return [...thoughts(at, [message.reasoning_content], make), make.message(at, 'assistant', text)];
}

function readAction(at: number | null, record: JsonObject, session: Session, make: DraftMaker): Draft[] {
  const action = objectOf(record.action);
  const tool = stringOf(record.tool_name) ?? 'unknown';
  const callId = stringOf(record.tool_call_id) ?? `event-${stringOf(record.id) ?? ''}`;
  const said = [record.reasoning_content, textOf(record.thought)];
  if (tool === 'think') return thoughts(at, [...said, action?.thought], make);
  // A call that the SDK could not make sense of has no action; the model's own words are kept.
  const call = make.call(at, { tool, input: action === undefined ? asked(record) : inputOf(action), callId });
  if (action !== undefined && isPoll(action)) call.action = 'poll';
  session.opened(callId, tool, callId);
  return [...thoughts(at, said, make), tool === 'finish' ? { ...call, ended: 'finish' } : call];
}

/** The arguments as the model wrote them. */
function asked(record: JsonObject): unknown {
  const call = objectOf(record.tool_call);
  const text = stringOf(call?.arguments) ?? stringOf(objectOf(call?.function)?.arguments) ?? '';
  return objectOf(parseJson(text)) ?? { arguments: text };
}

function readObservation(at: number | null, record: JsonObject, session: Session, make: DraftMaker): Draft {
  const observation = objectOf(record.observation) ?? {};
  const exitCode = integerOf(observation.exit_code) ?? integerOf(objectOf(observation.metadata)?.exit_code);
  const output =
    stringOf(observation.error) ?? (textOf(observation.content) || (stringOf(observation.output) ?? ''));
  return make.result(at, {
    ...ofCall(record, session),
    output,
    isError: observation.is_error === true || typeof observation.error === 'string' || failed(exitCode),
    exitCode: exitCode === -1 ? undefined : exitCode,
  });
}

function ofCall(
  record: JsonObject,
  session: Session,
): { tool: string | undefined; callId: string | undefined } {
  const callId = stringOf(record.tool_call_id);
  session.closed(callId);
  return { tool: stringOf(record.tool_name), callId };
}

/** Carries the state of the run, and the running totals of its tokens. */
function readState(at: number | null, record: JsonObject, session: Session, make: DraftMaker): Reading {
  const value = record.key === 'full_state' ? objectOf(record.value)?.stats : record.value;
  const metrics = objectOf(objectOf(value)?.usage_to_metrics);
  if (metrics !== undefined) {
    const { usage, cost } = sumOf(metrics);
    const tokens = session.spend(usage, cost);
    return tokens === undefined ? 'skipped' : [{ at, role: 'system', kind: 'usage', tokens }];
  }
  const state = stringOf(record.value) ?? '';
  if (record.key !== 'execution_status' && record.key !== 'agent_status') return 'skipped';
  const event = make.system(at, `agent state: ${state}`);
  if (END_STATES.has(state)) return [{ ...event, ended: state }];
  return WAITING_STATES.has(state) ? [event] : 'skipped';
}

/** The totals of all models that the run uses. */
function sumOf(metrics: JsonObject): { readonly usage: JsonObject; readonly cost: number } {
  const usage: Record<string, number> = {};
  let cost = 0;
  for (const each of Object.values(metrics).filter(isObject)) {
    if (typeof each.accumulated_cost === 'number') cost += each.accumulated_cost;
    for (const [key, count] of Object.entries(objectOf(each.accumulated_token_usage) ?? {})) {
      if (typeof count === 'number') usage[key] = (usage[key] ?? 0) + count;
    }
  }
  return { usage, cost };
}

function thoughts(at: number | null, texts: readonly unknown[], make: DraftMaker): Draft[] {
  const said = texts.map((text) => (stringOf(text) ?? '').trim()).filter((text) => text !== '');
  return said.map((text) => make.thought(at, text));
}

/** Text of content: a text, or blocks of text and images. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  return arrayOf(content)
    .map((block) => (isObject(block) ? (stringOf(block.text) ?? `[${stringOf(block.type) ?? 'block'}]`) : ''))
    .join('\n');
}
