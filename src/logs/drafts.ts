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
    const key = role === 'assistant' ? { actionKey: actionKey('message', text) } : {};
    return { at, role, kind: 'message', ...this.#text(text), ...key };
  }

  thought(at: number | null, text: string): Draft {
    return { at, role: 'assistant', kind: 'thought', ...this.#text(text) };
  }

  error(at: number | null, role: Role, text: string): Draft {
    return { at, role, kind: 'error', ...this.#text(text), isError: true, outcomeKey: outcomeKey(text) };
  }

  /** Something the session's machinery wrote: hooks, commands, records of unknown kind. */
  system(at: number | null, text: string, role: Role = 'system'): Draft {
    return { at, role, kind: 'system', ...this.#text(text) };
  }

  call(at: number | null, parts: CallParts): Draft {
    const what: CallDescription =
      parts.asCommand === true && typeof parts.input === 'string'
        ? describeCommand(parts.tool, parts.input)
        : describeCall(parts.tool, parts.input);
    const input = fit(what.input, this.#maxChars);
    return {
      at,
      role: 'assistant',
      kind: 'tool_call',
      tool: parts.tool,
      ...(parts.callId !== undefined && { callId: parts.callId }),
      action: what.action,
      input: input.text,
      ...(what.paths.length > 0 && { paths: [...what.paths] }),
      actionKey: actionKey(parts.tool, what.input),
      ...(input.cut && { truncated: true }),
    };
  }

  result(at: number | null, parts: ResultParts): Draft {
    const output = fit(parts.output, this.#maxChars);
    return {
      at,
      role: 'tool',
      kind: 'tool_result',
      ...(parts.tool !== undefined && { tool: parts.tool }),
      ...(parts.callId !== undefined && { callId: parts.callId }),
      output: output.text,
      ...(parts.isError === true && { isError: true }),
      ...(parts.rejected === true && { rejected: true }),
      ...(parts.exitCode !== undefined && { exitCode: parts.exitCode }),
      outcomeKey: outcomeKey(parts.output),
      ...(output.cut && { truncated: true }),
    };
  }

  #text(text: string): { text: string; truncated?: true } {
    const field = fit(text, this.#maxChars);
    return field.cut ? { text: field.text, truncated: true } : { text: field.text };
  }
}
