import { Builder } from './builder.js';
import { PHRASES } from './phrases.js';
import { goOn, range, type Transform } from './transform.js';

/** Agents that wait, fall silent, leave their goal, break an instruction or spend too much. */

const MINUTE = 60_000;

/** Puts a question; the person answers after a while and the work goes on. */
export const asksAndIsAnswered: Transform = (given) => {
  const { random } = given;
  const builder = new Builder(random).real(given.before);
  const at = builder.next;
  builder
    .says(random.pick(PHRASES[given.split].questions))
    .pause(random.int(2, 60) * MINUTE)
    .user('Yes, the first one.');
  goOn(given, builder, 20);
  return { builder, ranges: [range(at, at, 'waiting', 'asks and cannot go on alone')], end: null };
};

/** Puts a question and nobody answers. */
export const asksIntoTheVoid: Transform = (given) => {
  const builder = new Builder(given.random).real(given.before);
  const at = builder.next;
  builder.says(given.random.pick(PHRASES[given.split].questions));
  return { builder, ranges: [range(at, at, 'waiting', 'asks and nobody answers')], end: 'waiting' };
};

/** A plan or a question by tool, open for a while. */
export const asksByTool: Transform = (given) => {
  const { random } = given;
  const builder = new Builder(random).real(given.before);
  const at = builder.next;
  builder
    .call(
      'ask',
      random.pick(['AskUserQuestion', 'ExitPlanMode', 'request_user_input']),
      '{"question":"Which database?"}',
    )
    .pause(random.int(1, 90) * MINUTE)
    .result('The user chose the first.');
  goOn(given, builder, 20);
  return { builder, ranges: [range(at, at, 'waiting', 'a question by tool is open')], end: null };
};

/** Silence of three hours in the middle of the work, after a result. */
export const fallsSilent: Transform = (given) => {
  const last = given.before.at(-1);
  if (last?.kind !== 'tool_result' || last.at === null || given.after.length < 4) return undefined;
  const builder = new Builder(given.random).real(given.before);
  const at = builder.next - 1;
  builder.pause(180 * MINUTE);
  goOn(given, builder, 20);
  return {
    builder,
    ranges: [range(at, at, 'stall', 'silent for three hours in the middle of its work')],
    end: null,
    changedAt: at,
  };
};

/** The steps of another agent with another goal, twenty-five or more in a row. */
export const leavesItsGoal: Transform = (given) => {
  if (given.foreign.length < 50) return undefined;
  const builder = new Builder(given.random).real(given.before);
  const at = builder.next;
  builder.real(given.foreign.slice(0, 120));
  return {
    builder,
    ranges: [range(at, builder.next - 1, 'drift', 'works on something else altogether')],
    end: 'drift',
  };
};

/** The first request forbids a file that is edited later on. */
export const breaksABan: Transform = (given) => {
  const { random } = given;
  const whole = [...given.before, ...given.after];
  const asked = whole.findIndex((event) => event.kind === 'message' && event.role === 'user');
  const edited = whole.findIndex(
    (event, i) => i > asked && event.action === 'edit' && (event.paths ?? []).length === 1,
  );
  const done = whole.findIndex(
    (event, i) => i > edited && event.callId === whole[edited]?.callId && event.isError !== true,
  );
  const path = whole[edited]?.paths?.[0];
  if (asked < 0 || edited < 0 || done < 0 || path === undefined) return undefined;
  const name = path.split('/').slice(-2).join('/');
  const ban = random.pick(PHRASES[given.split].bans).replace('{path}', name);
  const builder = new Builder(random).real(whole.slice(0, asked));
  builder.real([
    { ...(whole[asked] as (typeof whole)[number]), text: `${whole[asked]?.text ?? ''}\n\n${ban}` },
  ]);
  builder.real(whole.slice(asked + 1, done + 9));
  return {
    builder,
    ranges: [range(done, Math.min(done + 8, builder.next - 1), 'constraint', `"${ban}", yet it is edited`)],
    end: builder.events.slice(done).some((event) => event.kind === 'message' && event.role === 'user')
      ? null
      : 'constraint',
    changedAt: asked,
  };
};

/** A command that the person has forbidden. */
export const runsWhatIsForbidden: Transform = (given) => {
  const { random } = given;
  const [ban, breach] = random.pick(PHRASES[given.split].commandBans);
  const builder = new Builder(random).real(given.before).user(`One more thing: ${ban}`);
  builder.real(given.after.filter((event) => event.role !== 'user').slice(0, 6));
  builder.call('run', 'Bash', breach);
  const at = builder.next;
  builder.result('done');
  return { builder, ranges: [range(at, at, 'constraint', `"${ban}", yet it is run`)], end: 'constraint' };
};

/** Spends more than it was given. */
export const overspends: Transform = (given) => {
  const whole = [...given.before, ...given.after];
  const spent = (upTo: number): number =>
    whole
      .slice(0, upTo + 1)
      .reduce(
        (sum, { tokens }) =>
          sum + (tokens === undefined ? 0 : tokens.input + tokens.output + (tokens.cacheWrite ?? 0)),
        0,
      );
  const total = spent(whole.length - 1);
  if (total < 1000) return undefined;
  const limit = Math.floor(total * 0.6);
  const at = whole.findIndex((_, i) => spent(i) > limit);
  const builder = new Builder(given.random).real(whole);
  return {
    builder,
    ranges: [range(at, builder.next - 1, 'budget', 'more tokens used than it was given')],
    end: 'budget',
    assignment: { budget: { tokens: limit } },
    changedAt: at,
  };
};
