import t from 'tap';
import { z } from 'zod';
import type { Behaviour } from '../../src/actors/runtime/behaviour.js';
import { systemClock } from '../../src/actors/runtime/clock.js';
import { RestartPolicy } from '../../src/actors/runtime/restart-policy.js';
import { ActorSystem } from '../../src/actors/runtime/system.js';
import { Subjects } from '../../src/messages/subjects.js';
import { TestBroker } from './broker.js';

const broker = await TestBroker.start(t);
const subjects = new Subjects('vigil');

/** Names that would reach other subjects, forge protocol, or look like something they are not. */
const HOSTILE = [
  '',
  ' ',
  '>',
  '*',
  'a.*.>',
  'a.b',
  '.',
  'a b',
  'a\tb',
  'a\r\nPUB vigil.trigger.cycle 2\r\n{}',
  'a\nb',
  'a\r',
  'a\0',
  '../x',
  'a/b',
  '$SYS',
  'аgent',
  'agent\u200b',
  'ａgent',
  'é',
  'x'.repeat(65),
  'x'.repeat(10_000),
];

const PROTOCOL = { hello: { request: z.object({}), reply: z.string() } };
const kindOf = (kind: string): Behaviour<null, typeof PROTOCOL> => ({
  kind,
  protocol: PROTOCOL,
  start: () => null,
  on: { hello: () => 'hello' },
});

t.test('names that are no single token are refused before anything is subscribed or sent', async (t) => {
  const { bus, connection } = await broker.bus(t, 'server');
  const spy = await broker.connect(t, 'spy');
  const seen: string[] = [];
  spy.subscribe('>', { callback: (_error, { subject }) => seen.push(subject) });
  await spy.flush();
  const system = new ActorSystem({
    id: 'test',
    subjects,
    bus,
    clock: systemClock,
    policy: RestartPolicy.parse({}),
    mailbox: 10,
    drainMs: 100,
    onCrash: () => {},
    onGiveUp: () => {},
  });
  const refused = { code: 'BAD_REQUEST', message: /expected 1 to 64 of A-Z a-z 0-9 _ -/ };
  for (const name of HOSTILE) {
    const shown = JSON.stringify(name.slice(0, 30));
    await t.rejects(system.spawn(kindOf('agent'), name), refused, `id ${shown}`);
    await t.rejects(system.spawn(kindOf(name), 'a'), refused, `kind ${shown}`);
    t.throws(() => subjects.actor('agent', name), refused);
    t.throws(() => subjects.steer(name), refused);
    t.throws(() => subjects.agentEvent(name, 'failed'), refused);
    t.throws(() => subjects.trigger(name), refused);
    t.throws(() => new Subjects(name), refused);
  }
  t.equal(system.size, 0);
  await connection.flush();
  await spy.flush();
  t.strictSame(seen, [], 'a spy on everything sees nothing');
  // What looks odd and is one token is fine.
  for (const name of ['__proto__', 'constructor', '-', '_', 'x'.repeat(64)]) {
    await system.spawn(kindOf('agent'), name);
    await connection.flush();
    const answer = await bus.ask(subjects.actor('agent', name), 'hello', {}, { timeoutMs: 5_000 });
    t.equal(answer.body, 'hello', name);
  }
  await system.stop();
});
