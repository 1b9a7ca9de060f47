import { assess } from '../../src/judgement/guardian.js';
import { Thresholds } from '../../src/judgement/thresholds.js';
import {
  type Assignment,
  createTrajectory,
  observe,
  type Trajectory,
} from '../../src/judgement/trajectory.js';
import type { ActionClass, AgentEvent } from '../../src/messages/agent-event.js';
import type { TrajectoryAnalysis } from '../../src/messages/analysis.js';

/** Hand-built event streams: each call appends events, a second apart. */
export class Stream {
  readonly events: AgentEvent[] = [];
  #at: number | null = 1_700_000_000_000;

  /** Lets time pass before the next event. */
  pause(ms: number): this {
    this.#at = (this.#at ?? 0) + ms;
    return this;
  }

  user(text: string): this {
    return this.#add({ role: 'user', kind: 'message', text });
  }

  says(text: string): this {
    return this.#add({ role: 'assistant', kind: 'message', text });
  }

  error(text: string): this {
    return this.#add({ role: 'system', kind: 'error', text, isError: true });
  }

  line(text: string): this {
    return this.#add({ role: 'system', kind: 'system', text });
  }

  spends(input: number, cost?: number): this {
    const tokens = cost === undefined ? { input, output: 0 } : { input, output: 0, cost };
    return this.#add({ role: 'assistant', kind: 'usage', tokens });
  }

  ended(word: string): this {
    return this.#add({ role: 'system', kind: 'system', text: word, ended: word });
  }

  /** A call that still runs. */
  opens(action: ActionClass, input: string, paths: readonly string[] = []): this {
    return this.#add({
      role: 'assistant',
      kind: 'tool_call',
      tool: action,
      callId: `call-${this.events.length}`,
      action,
      input,
      actionKey: `key ${input}`,
      ...(paths.length > 0 && { paths: [...paths] }),
    });
  }

  /** A call and what came of it. */
  does(action: ActionClass, input: string, output = 'ok', more: Partial<AgentEvent> = {}): this {
    this.opens(action, input, more.paths ?? []);
    const { callId } = this.events.at(-1) ?? {};
    const outcomeKey = `outcome ${output}`;
    const { paths: _, ...flags } = more;
    return this.#add({
      role: 'tool',
      kind: 'tool_result',
      tool: action,
      callId,
      output,
      outcomeKey,
      ...flags,
    });
  }

  fails(action: ActionClass, input: string, output = 'Error: no', paths: readonly string[] = []): this {
    return this.does(action, input, output, { isError: true, paths: [...paths] });
  }

  edits(path: string, from = `old ${this.events.length}`, to = `new ${this.events.length}`): this {
    const input = JSON.stringify({ file_path: path, new_string: to, old_string: from });
    return this.does('edit', input, `edited ${path} ${this.events.length}`, { paths: [path] });
  }

  times(count: number, step: (stream: this, round: number) => void): this {
    for (let round = 0; round < count; round++) step(this, round);
    return this;
  }

  #add(event: Omit<AgentEvent, 'index' | 'at'>): this {
    if (this.#at !== null) this.#at += 1000;
    this.events.push({ index: this.events.length, at: this.#at, ...event });
    return this;
  }
}

export function stream(): Stream {
  return new Stream();
}

export function fold(events: readonly AgentEvent[], assignment: Assignment = {}, agent = 'a'): Trajectory {
  const trajectory = createTrajectory(agent, assignment);
  for (const event of events) observe(trajectory, event);
  return trajectory;
}

/** The verdict after the fact. */
export function judge(
  given: Stream,
  assignment: Assignment = {},
  settings: Record<string, unknown> = {},
): TrajectoryAnalysis {
  const thresholds = Thresholds.parse(settings);
  return assess(fold(given.events, assignment), { now: null, live: false, thresholds });
}

/** The verdict while the agent runs, some time after its last event. */
export function judgeLive(given: Stream, silentMs: number): TrajectoryAnalysis {
  const now = (given.events.at(-1)?.at ?? 0) + silentMs;
  return assess(fold(given.events), { now, live: true });
}

export function rulesOf(analysis: TrajectoryAnalysis): string[] {
  return analysis.evidence.map(({ rule }) => rule);
}
