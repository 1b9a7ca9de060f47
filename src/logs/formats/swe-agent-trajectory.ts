import { parseJson } from '../../messages/json.js';
import type { DraftMaker } from '../drafts.js';
import { exitCodeIn, looksFailed } from '../failure-text.js';
import { isObject, type JsonObject, objectOf, stringOf } from '../json-value.js';
import type { Draft } from './format.js';

/** The `trajectory` list of a `.traj`: one step is a thought, an action and what came of it. */
export function readTrajectory(
  steps: readonly unknown[],
  make: DraftMaker,
  counts: { skipped: number; unknown: number },
): Draft[] {
  const events: Draft[] = [];
  for (const [index, step] of steps.entries()) {
    if (!isObject(step)) {
      counts.unknown += 1;
      events.push(make.system(null, JSON.stringify(step)));
      continue;
    }
    const thought = stringOf(step.thought) ?? '';
    const action = (stringOf(step.action) ?? '').trim();
    if (thought.trim() !== '') events.push(make.thought(null, thought));
    if (action === '') {
      const observation = stringOf(step.observation) ?? '';
      if (observation.trim() !== '') events.push(make.system(null, observation));
      continue;
    }
    const [call, ...result] = readStep(action, stringOf(step.observation), `step-${index}`, make);
    events.push(withOpenFile(call, step), ...result);
  }
  return events;
}

/** `edit` names no file: it edits the one that is open. One that was named is open as well, under its whole path. */
function withOpenFile(call: Draft, step: JsonObject): Draft {
  if (call.action !== 'edit') return call;
  const state = objectOf(parseJson(stringOf(step.state) ?? '')) ?? objectOf(step.state);
  const open = stringOf(state?.open_file);
  if (open === undefined || open === '' || open === 'n/a') return call;
  const named = call.paths ?? [];
  return named.every((path) => open.endsWith(`/${path}`)) ? { ...call, paths: [open] } : call;
}

/** A call and, where it is there, its result. The tool is the first word of the action. */
export function readStep(
  action: string,
  observation: string | undefined,
  callId: string,
  make: DraftMaker,
): [Draft, ...Draft[]] {
  const tool = /^\S+/.exec(action)?.[0] ?? action;
  const call = make.call(null, { tool, input: action, callId, asCommand: true });
  if (observation === undefined) return [call];
  return [call, observe(call, observation, make)];
}

/** The result of a call, from the text of the observation alone. */
export function observe(call: Draft, observation: string, make: DraftMaker): Draft {
  const exitCode = exitCodeIn(observation);
  const looks = call.action === 'read' || call.action === 'search';
  const isError = exitCode === undefined ? looksFailed(observation, looks) : exitCode !== 0;
  return make.result(null, { output: observation, tool: call.tool, callId: call.callId, exitCode, isError });
}
