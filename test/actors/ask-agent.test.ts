import t, { type Test } from 'tap';
import { type AgentAccess, askAgent } from '../../src/actors/ask-agent.js';
import { scatter } from '../../src/actors/runtime/scatter.js';
import { Subjects } from '../../src/messages/subjects.js';
import { TestBroker } from './broker.js';
import { serveEcho } from './echo.js';
import { until } from './until.js';

const broker = await TestBroker.start(t);
const subjects = new Subjects('vigil');
const SUBJECT = subjects.actor('agent', 'a');
const never = new AbortController().signal;

/** The supervisor's side, to which the agent is newly placed under revision 7. */
async function asking(t: Test) {
  const { bus } = await broker.bus(t, 'supervisor');
  const place = { host: 'new', epoch: 7, shown: false };
  const fenced: unknown[] = [];
  const access: AgentAccess = {
    bus,
    subjects,
    whereIs: () => ({ ...place }),
    hostShown: (_agent, epoch) => {
      place.shown = epoch === place.epoch;
    },
    fenced: (_agent, epoch) => fenced.push(epoch),
  };
  const ask = (timeoutMs = 60_000) => askAgent(access, 'a', 'echo', { value: 'hello' }, timeoutMs, never);
  return { ask, place, fenced };
}

/** A host that hangs: the broker hands it what it is sent, and nothing comes of it. */
async function hungHost(t: Test) {
  const { connection } = await broker.bus(t, 'hung');
  const taken: string[] = [];
  connection.subscribe(SUBJECT, { callback: (_error, message) => taken.push(message.string()) });
  await connection.flush();
  return taken;
}

t.test('a host that hangs takes no message that is meant for the next one', async (t) => {
  const { ask, place } = await asking(t);
  const taken = await hungHost(t);
  const began = performance.now();
  await t.rejects(ask(), { code: 'UNAVAILABLE', message: /does not answer for the agent yet/ });
  t.ok(performance.now() - began < 20_000, 'long before the time for an answer is over');
  t.notOk(taken.some((message) => message.includes('hello')));
  const gathered = scatter(['a'], {
    limit: 1,
    itemTimeoutMs: 30_000,
    deadlineMs: 30_000,
    nameOf: (name) => name,
    attempt: async () => (await ask()).body,
  });
  await until(() => taken.length > 1, 'another look for the new host');
  const { bus } = await broker.bus(t, 'new');
  await serveEcho(bus, SUBJECT, { epoch: () => 7 });
  t.same(await gathered, { results: ['hello'], failures: [] });
  t.equal(place.shown, true);
});

t.test('a host that has not heard that the agent was placed elsewhere does not count', async (t) => {
  const { ask, place } = await asking(t);
  const { bus } = await broker.bus(t, 'old');
  let epoch = 6;
  const echo = await serveEcho(bus, SUBJECT, { epoch: () => epoch });
  await t.rejects(ask(), { code: 'UNAVAILABLE' });
  t.equal(place.shown, false);
  epoch = 7;
  t.same(await ask(), { body: 'hello', epoch: 7 });
  t.equal(echo.crashes.length, 0);
});

t.test('once shown, an agent is asked at once; nobody there is UNAVAILABLE', async (t) => {
  const { ask, place, fenced } = await asking(t);
  await t.rejects(ask(), { code: 'UNAVAILABLE', message: /nobody serves/ });
  place.shown = true;
  const taken = await hungHost(t);
  await t.rejects(ask(100), { code: 'TIMEOUT' });
  t.equal(taken.filter((message) => message.includes('"echo"')).length, 1);
  t.same(fenced, []);
});
