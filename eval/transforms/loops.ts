import type { AgentEvent } from '../../src/messages/agent-event.js';
import { Builder, type RealStep, volatileLine } from './builder.js';
import { PHRASES } from './phrases.js';
import { type Given, goOn, type Made, range, type Transform } from './transform.js';

/** Agents that repeat themselves. */

/** A real failing step, four to seven times, with other times and ids in its output; the real agent goes on after. */
export const repeatedFailure: Transform = (given) => repeatOne(given, given.failing, true);

/** The same at the end of a log. */
export const repeatedFailureAtEnd: Transform = (given) => repeatOne(given, given.failing, false);

/** A step that works, five to eight times, with the same outcome each time. */
export const repeatedSuccess: Transform = (given) =>
  repeatOne(given, working(given), given.random.next() < 0.5, 1);

function repeatOne(given: Given, from: readonly RealStep[], overcome: boolean, more = 0): Made | undefined {
  const { random } = given;
  if (from.length === 0) return undefined;
  const step = random.pick(from);
  const builder = new Builder(random).real(given.before);
  const start = builder.next;
  const times = random.int(4 + more, 7 + more);
  const varies = random.next() < 0.6;
  for (let i = 0; i < times; i++) {
    builder.again(
      step,
      varies ? { output: `${step.result.output ?? ''}${volatileLine(sameShape(given, step))}` } : {},
    );
  }
  const end = builder.next - 1;
  const over = overcome && isOvercome(given.after.slice(0, 40));
  if (over) goOn(given, builder);
  return {
    builder,
    ranges: [range(start, end, 'loop', `the same step ${times} times with the same outcome`, ['errors'])],
    end: over ? null : 'loop',
    alsoEnd: ['errors'],
  };
}

/** Enough of what the real agent did next worked, or its person spoke: then nobody would still call it a loop. */
function isOvercome(after: readonly AgentEvent[]): boolean {
  const spoken = after.some(({ role, kind }) => role === 'user' && kind === 'message');
  const worked = after.filter(({ kind, isError }) => kind === 'tool_result' && isError !== true);
  return spoken || worked.length >= 6;
}

/** Volatile lines of one step have one shape: only the digits differ. */
function sameShape({ random }: Given, step: RealStep): Given['random'] {
  const shape = (step.call.input ?? '').length % 4;
  return { ...random, pick: (items) => items[shape % items.length] ?? random.pick(items) };
}

/** Two real steps in turn, four to six rounds. */
export const pingPong: Transform = (given) => rounds(given, 2, given.random.int(4, 6));

/** Three to eight real steps, gone through three to five times. */
export const cycle: Transform = (given) => rounds(given, given.random.int(3, 8), given.random.int(3, 5));

function rounds(given: Given, period: number, times: number): Made | undefined {
  const { random } = given;
  const pool = distinct(given.steps.filter(({ call }) => call.action !== 'poll'));
  if (pool.length < period) return undefined;
  const first = random.int(0, pool.length - period);
  const round = pool.slice(first, first + period);
  const builder = new Builder(random).real(given.before);
  const start = builder.next;
  for (let i = 0; i < times; i++) for (const step of round) builder.again(step);
  return {
    builder,
    ranges: [
      range(start, builder.next - 1, 'loop', `${times} rounds of the same ${period} steps`, ['errors']),
    ],
    end: 'loop',
    alsoEnd: ['errors'],
  };
}

/** A failing command again and again, dressed differently each time: a pipe, a redirection, a directory. */
export const dressedFailure: Transform = (given) => {
  const { random } = given;
  const commands = given.failing.filter(
    ({ call }) => call.action === 'run' && (call.input ?? '').length < 400,
  );
  if (commands.length === 0) return undefined;
  const step = random.pick(commands);
  const plain = step.call.input ?? '';
  const dresses = [
    plain,
    `${plain} 2>&1`,
    `${plain} | tail -20`,
    `cd . && ${plain}`,
    `${plain} 2>&1 | tail -40`,
    `${plain} | head -50`,
  ];
  const builder = new Builder(random).real(given.before);
  const start = builder.next;
  const times = random.int(5, 8);
  for (let i = 0; i < times; i++) builder.again(step, { input: dresses[i % dresses.length] ?? plain });
  return {
    builder,
    ranges: [
      range(start, builder.next - 1, 'loop', `the same failing command ${times} times, dressed differently`, [
        'errors',
      ]),
    ],
    end: 'loop',
    alsoEnd: ['errors'],
  };
};

/** A failing command rerun with nothing but looking around between. */
export const idleRerun: Transform = (given) => {
  const { random } = given;
  const commands = given.failing.filter(({ call }) => call.action === 'run');
  const reads = given.steps.filter(({ call }) => call.action === 'read' || call.action === 'search');
  if (commands.length === 0 || reads.length < 4) return undefined;
  const step = random.pick(commands);
  const builder = new Builder(random).real(given.before);
  const start = builder.next;
  const times = random.int(5, 7);
  for (let i = 0; i < times; i++) {
    builder.again(step);
    if (i < times - 1) builder.again(random.pick(reads));
  }
  return {
    builder,
    ranges: [
      range(start, builder.next - 1, 'loop', `the same failure ${times} times, nothing changed between`, [
        'errors',
      ]),
    ],
    end: 'loop',
    alsoEnd: ['errors'],
  };
};

/** An edit and its reverse in turn, with the same failing check after each. */
export const undoneEdits: Transform = (given) => {
  const { random } = given;
  const checks = given.failing.filter(({ call }) => call.action === 'run');
  const path = given.steps.findLast(({ call }) => (call.paths ?? []).length > 0)?.call.paths?.[0];
  if (checks.length === 0 || path === undefined) return undefined;
  const check = random.pick(checks);
  const builder = new Builder(random).real(given.before);
  const start = builder.next;
  const sides = ['return value', 'return value or default'];
  const times = random.int(5, 7);
  for (let i = 0; i < times; i++) {
    const [from, to] = i % 2 === 0 ? sides : [...sides].reverse();
    const input = JSON.stringify({ file_path: path, new_string: to, old_string: from });
    builder.call('edit', 'Edit', input, [path]).result(`The file ${path} has been updated.`).again(check);
  }
  return {
    builder,
    ranges: [
      range(start, builder.next - 1, 'loop', `an edit is made and taken back ${times} times`, ['errors']),
    ],
    end: 'loop',
    alsoEnd: ['errors'],
  };
};

/** The same message again and again without an action, some with an automatic "continue" between. */
export const monologue: Transform = (given) => {
  const { random } = given;
  const builder = new Builder(random).real(given.before);
  const text = random.pick(PHRASES[given.split].monologues);
  const nudged = random.next() < 0.5;
  const start = builder.next;
  const times = random.int(4, 6);
  for (let i = 0; i < times; i++) {
    builder.says(text);
    if (nudged && i < times - 1) builder.user('continue');
  }
  return {
    builder,
    ranges: [range(start, builder.next - 1, 'loop', `says the same ${times} times and does nothing`)],
    end: 'loop',
  };
};

function working({ steps }: Given): RealStep[] {
  return steps.filter(({ call, result }) => result.isError !== true && call.action !== 'poll');
}

function distinct(steps: readonly RealStep[]): RealStep[] {
  const seen = new Set<string>();
  return steps.filter(({ call, result }) => {
    const key = `${call.actionKey} ${result.outcomeKey}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
