import { actionKey, outcomeKey } from '../../src/logs/fingerprint.js';
import type { ActionClass, AgentEvent } from '../../src/messages/agent-event.js';
import type { Random } from '../random.js';

/** A finished call of the main line, with its place in the events. */
export interface RealStep {
  readonly call: AgentEvent;
  readonly result: AgentEvent;
  readonly at: number;
}

/** The finished calls that a transformation may take: no plans, no questions, nothing refused. */
export function stepsOf(events: readonly AgentEvent[]): RealStep[] {
  const open = new Map<string, { call: AgentEvent; at: number }>();
  const steps: RealStep[] = [];
  events.forEach((event, at) => {
    const id = event.callId ?? '';
    if (event.kind === 'tool_call') open.set(id, { call: event, at });
    const begun = event.kind === 'tool_result' ? open.get(id) : undefined;
    if (begun === undefined || event.rejected === true) return;
    open.delete(id);
    if (!['plan', 'ask', 'finish'].includes(begun.call.action ?? 'other'))
      steps.push({ ...begun, result: event });
  });
  return steps;
}

/**
 * A stream of events that grows: real events, real steps again, and events made up. Gives out indexes, call ids and
 * times that fit, and knows where the stream stands.
 */
export class Builder {
  readonly events: AgentEvent[] = [];
  readonly #random: Random;
  #now: number | null = null;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Index of the next event. */
  get next(): number {
    return this.events.length;
  }

  /** Appends real events as they are; times move so that they follow what is there. */
  real(events: readonly AgentEvent[]): this {
    const first = events.find(({ at }) => at !== null)?.at ?? null;
    const shift = first === null || this.#now === null ? 0 : this.#now + 1000 - first;
    const mark = this.events.length > 0 ? `-at${this.events.length}` : '';
    for (const event of events) {
      const at = event.at === null ? null : event.at + shift;
      if (at !== null) this.#now = Math.max(this.#now ?? at, at);
      const { session: _, ...rest } = event;
      const callId = event.callId === undefined ? {} : { callId: `${event.callId}${mark}` };
      this.#append({ ...(mark === '' ? event : rest), ...callId, at });
    }
    return this;
  }

  /** Lets time pass, where the log states times. */
  pause(ms: number): this {
    if (this.#now !== null) this.#now += ms;
    return this;
  }

  /** A real step again, with another output when one is given. */
  again(step: RealStep, change: { input?: string; output?: string } = {}): this {
    const { call, result } = step;
    const input = change.input ?? call.input ?? '';
    const output = change.output ?? result.output ?? '';
    const callId = `again-${this.next}`;
    const key = change.input === undefined ? (call.actionKey ?? '') : actionKey(call.tool ?? '', input);
    this.#push({ ...call, callId, input, actionKey: key }, 3000, 20_000);
    return this.#push({ ...result, callId, output, outcomeKey: outcomeKey(output) }, 500, 8000);
  }

  call(action: ActionClass, tool: string, input: string, paths: readonly string[] = []): this {
    const named = paths.length > 0 ? { paths: [...paths] } : {};
    const callId = `made-${this.next}`;
    const key = actionKey(tool, input);
    return this.#push(
      {
        index: 0,
        at: null,
        role: 'assistant',
        kind: 'tool_call',
        tool,
        callId,
        action,
        input,
        actionKey: key,
        ...named,
      },
      3000,
      20_000,
    );
  }

  /** The result of the call before. */
  result(output: string, more: Pick<AgentEvent, 'isError' | 'exitCode'> = {}): this {
    const { callId, tool } = this.events.at(-1) ?? {};
    return this.#push(
      {
        index: 0,
        at: null,
        role: 'tool',
        kind: 'tool_result',
        tool,
        callId,
        output,
        outcomeKey: outcomeKey(output),
        ...more,
      },
      500,
      8000,
    );
  }

  says(text: string): this {
    const key = actionKey('message', text);
    return this.#push(
      { index: 0, at: null, role: 'assistant', kind: 'message', text, actionKey: key },
      2000,
      9000,
    );
  }

  user(text: string): this {
    return this.#push({ index: 0, at: null, role: 'user', kind: 'message', text }, 5000, 60_000);
  }

  error(text: string): this {
    return this.#push(
      {
        index: 0,
        at: null,
        role: 'system',
        kind: 'error',
        text,
        isError: true,
        outcomeKey: outcomeKey(text),
      },
      500,
      2000,
    );
  }

  #push(event: AgentEvent, least: number, most: number): this {
    if (this.#now !== null) this.#now += this.#random.int(least, most);
    return this.#append({ ...event, at: this.#now });
  }

  /** Whatever a step was in its own log, here it belongs to the main line, as the first event does. */
  #append(event: AgentEvent): this {
    const { sidechain: _, ...rest } = event;
    const main = this.events[0] ?? event;
    this.events.push({ ...rest, index: this.next, ...(main.sidechain === true && { sidechain: true }) });
    return this;
  }
}

/** What differs between two runs of one command: put below an output, it must not make the outcome a new one. */
export function volatileLine(random: Random): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const time = `2026-03-${two(random.int(1, 28))}T${two(random.int(0, 23))}:${two(random.int(0, 59))}:${two(random.int(0, 59))}Z`;
  return random.pick([
    `\n[${time}] pid=${random.int(1000, 65000)}`,
    `\nFinished in ${random.int(1, 30)}.${random.int(100, 999)}s`,
    `\nrequest ${random.int(0x10000000, 0x7fffffff).toString(16)}a took ${random.int(3, 900)}ms`,
    `\nwrote /tmp/run-${random.int(100_000, 999_999)}/log at ${time}`,
  ]);
}
