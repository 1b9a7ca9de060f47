import t from 'tap';
import { Subjects } from '../../src/messages/subjects.js';
import { Steering } from '../../src/services/steering.js';
import { Settings } from '../../src/settings/schema.js';
import { createStore } from '../../src/store/store.js';
import { TestBroker } from '../actors/broker.js';
import { until } from '../actors/until.js';
import { testFolder } from '../folder.js';

t.test('under maintenance an agent is told nothing but what a person tells it', async (t) => {
  const broker = await TestBroker.start(t);
  const store = createStore(testFolder(t));
  t.teardown(() => store.close());
  await store.write(() => store.agents.register([{ id: 'a', logs: [] }], 'wire', 0));
  let paused = true;
  const steering = new Steering({
    store,
    connection: await broker.connect(t, 'supervisor'),
    subjects: new Subjects(),
    settings: { ...Settings.parse({}).steering, pollMs: 20 },
    isPaused: () => paused,
    wakeOutbox: () => {},
    failed: (error) => t.fail(String(error)),
  });
  t.teardown(() => steering.close());
  const heard: string[] = [];
  const runner = await broker.connect(t, 'runner');
  runner.subscribe('vigil.agent.a.steer', {
    callback: (_error, message) => {
      heard.push(message.json<{ message: string }>().message);
      message.respond(JSON.stringify({ delivered: 'stdin', at: new Date().toISOString() }));
    },
  });
  await runner.flush();
  const at = new Date().toISOString();
  const own = { id: 'i1', requestId: 'r1', agent: 'a', type: 'loop', message: 'By itself.' } as const;
  const queued = { ...own, emergency: false, delivery: 'auto', state: 'queued', at, updatedAt: at } as const;
  await store.write(() => store.interventions.add(queued, undefined));
  steering.wake();
  t.match(await steering.tell('a', 'By a person.', false), { state: 'delivered' });
  t.same(await steering.take('a'), [], 'nor by a hook');
  t.same(heard, ['By a person.']);
  paused = false;
  await until(() => heard.length === 2, 'what was queued, once the maintenance is over');
  t.equal(heard[1], 'By itself.');
});
