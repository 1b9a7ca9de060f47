import type { DraftMaker } from '../drafts.js';
import { integerOf, type JsonObject, objectOf, stringOf } from '../json-value.js';
import { timeOf } from '../time.js';
import type { Draft } from './format.js';
import { failed, inputOf, isPoll, type Reading, type Session } from './openhands-session.js';

/** Events of OpenHands up to version 0: an action with its arguments, or an observation of what came of one. */

const BOOKKEEPING_ACTIONS = new Set(['recall', 'change_agent_state', 'null', 'condensation_request']);
const BOOKKEEPING_OBSERVATIONS = new Set(['recall', 'null', 'think', 'agent_condensation']);

const MAX_MODEL = 128;

/** Observations that say in their text alone that the editor refused. */
const EDITORS = new Set(['edit', 'read', 'write']);

/** States that a session ends in. */
const END_STATES = new Set(['finished', 'stopped', 'rejected', 'error']);
/** States that a person has to do something about. */
const WAITING_STATES = new Set(['awaiting_user_input', 'awaiting_user_confirmation', 'paused']);

export function isV0Event(record: JsonObject): boolean {
  const speaks = typeof record.action === 'string' || typeof record.observation === 'string';
  const isObjectful = objectOf(record.args) !== undefined || objectOf(record.extras) !== undefined;
  return speaks && isObjectful && ('source' in record || 'cause' in record);
}

export function readV0(record: JsonObject, session: Session, make: DraftMaker): Reading {
  const action = stringOf(record.action);
  const observation = stringOf(record.observation);
  if (action !== undefined) return readAction(record, action, session, make);
  return observation === undefined ? 'unknown' : readObservation(record, observation, session, make);
}

function readAction(record: JsonObject, action: string, session: Session, make: DraftMaker): Reading {
  if (BOOKKEEPING_ACTIONS.has(action)) return 'skipped';
  const at = timeOf(record.timestamp);
  const args = objectOf(record.args) ?? {};
  const text = stringOf(args.content) ?? stringOf(record.message) ?? '';
  const thought = (stringOf(args.thought) ?? '').trim();
  const events: Draft[] = [];
  if (action === 'message') events.push(readMessage(at, record, text, session, make));
  else if (action === 'system') return [make.system(at, text)];
  else if (action === 'condensation') return [make.system(at, 'history condensed')];
  else {
    if (thought !== '') events.push(make.thought(at, thought));
    if (action !== 'think') events.push(readCall(at, record, action, args, session, make));
  }
  const metrics = objectOf(record.llm_metrics);
  const tokens = session.spend(objectOf(metrics?.accumulated_token_usage), metrics?.accumulated_cost);
  const [first] = events;
  if (tokens === undefined) return events.length > 0 ? events : 'skipped';
  if (first === undefined) return [{ at, role: 'assistant', kind: 'usage', tokens }];
  first.tokens = tokens;
  const model = stringOf(objectOf(objectOf(record.tool_call_metadata)?.model_response)?.model);
  if (model !== undefined) first.model = model.slice(0, MAX_MODEL);
  return events;
}

function readMessage(
  at: number | null,
  record: JsonObject,
  text: string,
  session: Session,
  make: DraftMaker,
): Draft {
  if (record.source === 'environment') return make.system(at, text);
  if (record.source !== 'user') return make.message(at, 'assistant', text);
  session.asked = true;
  return make.message(at, 'user', text);
}

function readCall(
  at: number | null,
  record: JsonObject,
  action: string,
  args: JsonObject,
  session: Session,
  make: DraftMaker,
): Draft {
  const id = idOf(record.id);
  const callId = stringOf(objectOf(record.tool_call_metadata)?.tool_call_id) ?? `event-${id}`;
  // A call of an MCP tool or of the task list is that tool, not the action that wraps it.
  const tool =
    action === 'call_tool_mcp'
      ? (stringOf(args.name) ?? action)
      : action.replace(/^task_tracking$/, 'task_tracker');
  const input = action === 'call_tool_mcp' ? (args.arguments ?? {}) : inputOf(args);
  const call = make.call(at, { tool, input, callId });
  if (action === 'run' && isPoll(args)) call.action = 'poll';
  if (action === 'finish' || action === 'reject') call.ended = action;
  else session.opened(id, tool, callId);
  return call;
}

function readObservation(
  record: JsonObject,
  observation: string,
  session: Session,
  make: DraftMaker,
): Reading {
  const at = timeOf(record.timestamp);
  const extras = objectOf(record.extras) ?? {};
  const call = session.closed(idOf(record.cause));
  if (BOOKKEEPING_OBSERVATIONS.has(observation)) return 'skipped';
  if (observation === 'agent_state_changed') return readState(at, extras, make);
  const output = stringOf(record.content) ?? stringOf(record.message) ?? '';
  // Of a call that could not be made sense of there is no action, so the error stands for itself.
  if (call === undefined && observation === 'error') return [make.error(at, 'system', output)];
  const exitCode = exitCodeOf(extras);
  const isError =
    observation === 'error' ||
    failed(exitCode) ||
    (exitCode === undefined && record.success === false) ||
    (EDITORS.has(observation) && output.startsWith('ERROR:'));
  const rejected = observation === 'user_rejected';
  return [
    make.result(at, {
      output,
      tool: call?.tool ?? observation,
      callId: call?.callId,
      isError: isError && !rejected,
      rejected,
      exitCode: exitCode === -1 ? undefined : exitCode,
    }),
  ];
}

function readState(at: number | null, extras: JsonObject, make: DraftMaker): Reading {
  const state = stringOf(extras.agent_state) ?? '';
  const event = make.system(at, `agent state: ${state}`);
  if (END_STATES.has(state)) return [{ ...event, ended: state }];
  return WAITING_STATES.has(state) ? [event] : 'skipped';
}

function exitCodeOf(extras: JsonObject): number | undefined {
  return integerOf(objectOf(extras.metadata)?.exit_code) ?? integerOf(extras.exit_code);
}

/** Ids are numbers, and texts in some versions. */
function idOf(id: unknown): string {
  return typeof id === 'number' || typeof id === 'string' ? String(id) : '';
}
