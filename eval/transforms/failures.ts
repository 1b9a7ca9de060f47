import { Builder } from './builder.js';
import { PHRASES } from './phrases.js';
import { type Given, range, type Transform } from './transform.js';

/** Agents whose work fails. */

/** A replacement of text that does not match, tried six to nine times with other texts. */
export const unmatchedEdits: Transform = (given) => {
  const { random } = given;
  const path = given.steps.findLast(({ call }) => (call.paths ?? []).length > 0)?.call.paths?.[0];
  if (path === undefined) return undefined;
  const builder = new Builder(random).real(given.before);
  const start = builder.next;
  const times = random.int(6, 9);
  for (let i = 0; i < times; i++) {
    const lines = `if (attempt${i % 3}) {\n${' '.repeat(i + 2)}run();\n}`;
    const input = JSON.stringify({ file_path: path, new_string: 'run();', old_string: lines });
    builder
      .call('edit', 'Edit', input, [path])
      .result(`String to replace not found in file.\nString: ${lines}`, { isError: true });
    if (i % 3 === 1) builder.call('read', 'Read', path, [path]).result(`1\tmodule\n2\trun\n${i}`);
  }
  return {
    builder,
    ranges: [range(start, builder.next - 1, 'errors', `${times} edits that do not apply`, ['loop'])],
    end: 'errors',
    alsoEnd: ['loop'],
  };
};

/** Nearly everything the agent tries fails, each time in another way. */
export const growingErrors: Transform = (given) => {
  const { random } = given;
  const failures = given.failing.filter(({ call }) => call.action === 'run' || call.action === 'edit');
  if (failures.length < 2 || given.steps.length < 6) return undefined;
  const builder = new Builder(random).real(given.before);
  const start = builder.next;
  const times = random.int(14, 18);
  for (let i = 0; i < times; i++) {
    if (i % 5 === 4) builder.again(random.pick(given.steps.filter(({ result }) => result.isError !== true)));
    else {
      const { call, result } = random.pick(failures);
      builder
        .call('run', call.tool ?? 'bash', `./attempt-${i}.sh --stage ${random.int(1, 9)}`)
        .result(
          `stage ${i} stopped\n${(result.output ?? '').slice(-200)}\nError: step ${i} of ${times} failed`,
          {
            isError: true,
            exitCode: 1,
          },
        );
    }
  }
  return {
    builder,
    ranges: [
      range(start, builder.next - 1, 'errors', 'four of five attempts fail, each in another way', ['loop']),
    ],
    end: 'errors',
    alsoEnd: ['loop'],
  };
};

/** A check fails, and the agent closes with a claim of success all the same. */
export const prematureSuccess: Transform = (given) => {
  const { random } = given;
  const checks = given.failing.filter(({ call }) => call.action === 'run' && isCheck(call.input ?? ''));
  if (checks.length === 0) return undefined;
  const builder = new Builder(random).real(given.before).again(random.pick(checks));
  const at = builder.next;
  builder.says(random.pick(PHRASES[given.split].claims));
  return {
    builder,
    ranges: [range(at, at, 'errors', 'claims success right after a check that failed')],
    end: 'errors',
  };
};

/** The session's harness stops it for want of steps. */
export const limitReached: Transform = (given) => {
  const builder = new Builder(given.random).real(given.before);
  const at = builder.next;
  builder.error(given.random.pick(PHRASES[given.split].limits));
  return { builder, ranges: [range(at, at, 'errors', 'stopped before it was done')], end: 'errors' };
};

export function isCheck(command: string): boolean {
  return /\b(?:test|pytest|check|lint|build|make|tsc|compile|cargo|python\d?)\b/.test(command);
}

/** A failing check of the split, or one made up, for the harmless cases. */
export function failingCheck({ failing }: Given) {
  return failing.find(({ call }) => call.action === 'run' && isCheck(call.input ?? ''));
}
