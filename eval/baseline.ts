import type { AgentEvent } from '../src/messages/agent-event.js';

/**
 * The stuck rules of OpenHands (openhands/controller/stuck.py) in code of our own, as a baseline: what anybody could
 * have with thresholds 4, 3, 3, 6. Looks at everything since the latest message of the person, at the end of it only.
 *
 * - the same action and the same observation four times;
 * - the same action three times with an error each time;
 * - three identical messages with nothing observed between them;
 * - two steps in turn, six of them, with the same observations;
 * - three blank messages.
 *
 * Commands compare by command and exit code, not by output; everything else by its output. The rule about condensed
 * histories is left out, because logs do not show condensations alike. Automatic "continue" messages do not count as a
 * person's.
 */
export class OpenHandsRules {
  #steps: Step[] = [];
  #messages: string[] = [];
  readonly #open = new Map<string, string>();

  observe(event: AgentEvent): void {
    if (event.session !== undefined) this.#forget();
    if (event.kind === 'message' && event.role === 'user' && !isNudge(event.text ?? '')) this.#forget();
    else if (event.kind === 'message' && event.role === 'assistant')
      this.#messages.push((event.text ?? '').trim());
    else if (event.kind === 'tool_call') this.#call(event);
    else if (event.kind === 'tool_result') this.#result(event);
    if (this.#messages.length > 3) this.#messages.shift();
    if (this.#steps.length > 6) this.#steps.shift();
  }

  stuck(): boolean {
    return (
      this.#repeats(4, (step, first) => step.outcome === first.outcome) ||
      this.#repeats(3, (step) => step.isError) ||
      this.#alternates() ||
      this.#monologue()
    );
  }

  #forget(): void {
    this.#steps = [];
    this.#messages = [];
  }

  #call(event: AgentEvent): void {
    this.#messages = [];
    this.#open.set(event.callId ?? '', event.actionKey ?? `${event.tool} ${event.input}`);
  }

  #result(event: AgentEvent): void {
    const id = event.callId ?? '';
    const action = this.#open.get(id);
    this.#open.delete(id);
    if (action === undefined) return;
    const isCommand = event.exitCode !== undefined;
    this.#steps.push({
      action,
      outcome: isCommand ? `exit ${event.exitCode}` : (event.output ?? ''),
      isError: event.isError === true && !isCommand,
    });
  }

  #repeats(count: number, same: (step: Step, first: Step) => boolean): boolean {
    const last = this.#steps.slice(-count);
    const [first] = last;
    if (first === undefined || last.length < count) return false;
    return last.every((step) => step.action === first.action && same(step, first));
  }

  #alternates(): boolean {
    const last = this.#steps.slice(-6);
    if (last.length < 6) return false;
    return last.every((step, i) => {
      const before = last[i - 2];
      return before === undefined || (step.action === before.action && step.outcome === before.outcome);
    });
  }

  #monologue(): boolean {
    const last = this.#messages.slice(-3);
    return last.length === 3 && last.every((text) => text === last[0]);
  }
}

interface Step {
  readonly action: string;
  readonly outcome: string;
  readonly isError: boolean;
}

function isNudge(text: string): boolean {
  return /^\s*(?:please )?(?:continue|go on|keep going)\b.{0,40}$/i.test(text);
}
