import type { AgentEvent } from '../messages/agent-event.js';
import { type CallDescription, describeCall, describeCommand } from './actions.js';
import { fit } from './field.js';
import { actionKey, outcomeKey } from './fingerprint.js';
import type { Draft } from './formats/format.js';

type Role = AgentEvent['role'];

export interface CallParts {
  readonly tool: string;
  readonly input: unknown;
  readonly callId?: string | undefined;
  /** The input is a line of text that starts with the tool's name. */
  readonly asCommand?: boolean;
}

export interface ResultParts {
  readonly output: string;
  readonly tool?: string | undefined;
  readonly callId?: string | undefined;
  readonly isError?: boolean | undefined;
  readonly rejected?: boolean | undefined;
  readonly exitCode?: number | undefined;
}

/**
 * Makes events from what a format has found in its records: computes the keys from the whole texts, then cuts the
 * texts to their bound. Every format makes its events here, so that they mean the same in all of them.
 */
export class DraftMaker {
  readonly #maxChars: number;

  constructor(maxFieldChars: number) {
    this.#maxChars = maxFieldChars;
  }

  message(at: number | null, role: Role, text: string): Draft {
    const draft = this.#textual(at, role, 'message', text);
    if (role === 'assistant') draft.actionKey = actionKey('message', text);
    return draft;
  }

  thought(at: number | null, text: string): Draft {
    return this.#textual(at, 'assistant', 'thought', text);
  }

  error(at: number | null, role: Role, text: string): Draft {
    const draft = this.#textual(at, role, 'error', text);
    draft.isError = true;
    draft.outcomeKey = outcomeKey(text);
    return draft;
  }

  /** Something the session's machinery wrote: hooks, commands, records of unknown kind. */
  system(at: number | null, text: string, role: Role = 'system'): Draft {
    return this.#textual(at, role, 'system', text);
  }

  call(at: number | null, parts: CallParts): Draft {
    const { tool, callId } = parts;
    const what: CallDescription =
      parts.asCommand === true && typeof parts.input === 'string'
        ? describeCommand(tool, parts.input)
        : describeCall(tool, parts.input);
    const input = fit(what.input, this.#maxChars);
    const draft: Draft = {
      at,
      role: 'assistant',
      kind: 'tool_call',
      tool,
      action: what.action,
      input: input.text,
      actionKey: actionKey(tool, what.input),
    };
    if (callId !== undefined) draft.callId = callId;
    if (what.paths.length > 0) draft.paths = [...what.paths];
    if (input.cut) draft.truncated = true;
    return draft;
  }

  result(at: number | null, parts: ResultParts): Draft {
    const { tool, callId, exitCode } = parts;
    const output = fit(parts.output, this.#maxChars);
    const draft: Draft = {
      at,
      role: 'tool',
      kind: 'tool_result',
      output: output.text,
      outcomeKey: outcomeKey(parts.output),
    };
    if (tool !== undefined) draft.tool = tool;
    if (callId !== undefined) draft.callId = callId;
    if (parts.isError === true) draft.isError = true;
    if (parts.rejected === true) draft.rejected = true;
    if (exitCode !== undefined) draft.exitCode = exitCode;
    if (output.cut) draft.truncated = true;
    return draft;
  }

  #textual(at: number | null, role: Role, kind: AgentEvent['kind'], text: string): Draft {
    const field = fit(text, this.#maxChars);
    const draft: Draft = { at, role, kind, text: field.text };
    if (field.cut) draft.truncated = true;
    return draft;
  }
}
