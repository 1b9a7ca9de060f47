import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { TrajectoryAnalysis } from '../../src/messages/analysis.js';
import type { Intervention } from '../../src/messages/interventions.js';
import { createStore, type Store } from '../../src/store/store.js';
import { testFolder } from '../folder.js';

function open(t: Test): Store {
  const store = createStore(testFolder(t));
  t.teardown(() => store.close());
  return store;
}

function analysisOf(agent: string, fields: Partial<TrajectoryAnalysis> = {}): TrajectoryAnalysis {
  return {
    agent,
    phase: 'implementing',
    aligned: true,
    alignmentScore: 0.9,
    needsSteering: false,
    summary: `${agent} works`,
    goal: 'g',
    constraints: [],
    evidence: [],
    judge: 'rules',
    eventCount: 1,
    sessionSeconds: 1,
    ...fields,
  };
}

const row = (requestId: string, analysis: TrajectoryAnalysis, at = 1_000, unchanged = false) => ({
  requestId,
  analysis,
  at,
  epoch: 1,
  host: 'h1',
  unchanged,
});

function interventionOf(id: string, fields: Partial<Intervention> = {}): Intervention {
  const at = new Date(1_000).toISOString();
  return {
    id,
    requestId: 'r1',
    agent: 'a',
    type: 'loop',
    message: 'm',
    emergency: false,
    delivery: 'auto',
    state: 'queued',
    at,
    updatedAt: at,
    ...fields,
  };
}

t.test('outbox: a message waits once, they leave in order, those removed are gone', async (t) => {
  const { outbox, write } = open(t);
  await write(() => {
    for (const id of ['c', 'a', 'b', 'a']) outbox.add(id, `vigil.result.${id}`, { id });
  });
  t.equal(outbox.size, 3);
  const first = outbox.next(0, 2);
  t.same(
    first.map(({ msgId, subject, payload }) => [msgId, subject, payload]),
    [
      ['c', 'vigil.result.c', '{"id":"c"}'],
      ['a', 'vigil.result.a', '{"id":"a"}'],
    ],
  );
  await write(() => outbox.remove([first[0]?.seq ?? 0]));
  t.same(
    outbox.next(0, 10).map(({ msgId }) => msgId),
    ['a', 'b'],
  );
  t.same(
    outbox.next(first[1]?.seq ?? 0, 10).map(({ msgId }) => msgId),
    ['b'],
    'after the place given',
  );
  await write(() => outbox.add('a', 'vigil.result.other', {}));
  t.equal(outbox.next(0, 10)[0]?.subject, 'vigil.result.a', 'the first of an id stands');
  const last = outbox.next(0, 10).at(-1)?.seq ?? 0;
  await write(() => outbox.remove(outbox.next(0, 10).map(({ seq }) => seq)));
  t.equal(outbox.size, 0);
  await write(() => outbox.add('d', 'vigil.result.d', {}));
  t.ok((outbox.next(0, 1)[0]?.seq ?? 0) > last, 'a place is never given twice');
});

t.test('requests: accepted once, begun as often as needed, finished once', async (t) => {
  const { requests, write } = open(t);
  t.equal(await write(() => requests.accept('r1', 'cycle', 'trigger', { deadlineMs: 5 }, 10)), true);
  t.equal(
    await write(() => requests.accept('r1', 'analyze', 'rpc', {}, 20)),
    false,
    'a known id is that one',
  );
  t.match(requests.get('r1'), { kind: 'cycle', payload: '{"deadlineMs":5}', state: 'accepted', attempts: 0 });

  t.match(await write(() => requests.begin('r1', 100)), { state: 'running', attempts: 1, startedAt: 100 });
  t.match(
    await write(() => requests.begin('r1', 200)),
    { attempts: 2, startedAt: 100 },
    'from the first begin',
  );
  t.equal(await write(() => requests.begin('none', 1)), undefined);

  t.equal(await write(() => requests.finish('r1', 'done', { n: 1 }, 300)), true);
  t.equal(await write(() => requests.finish('r1', 'refused', { n: 2 }, 400)), false);
  t.match(requests.get('r1'), { state: 'done', result: '{"n":1}' }, 'the first result stands');
  t.equal(await write(() => requests.begin('r1', 500)), undefined, 'what is finished is not begun');
  t.equal(await write(() => requests.accept('r1', 'cycle', 'trigger', {}, 600)), false);
});

t.test(
  'requests: the unfinished come in the order they were accepted, the finished are forgotten in time',
  async (t) => {
    const { requests, write } = open(t);
    await write(() => {
      requests.accept('late', 'cycle', 'trigger', {}, 30);
      requests.accept('early', 'cycle', 'trigger', {}, 10);
      requests.accept('done', 'cycle', 'trigger', {}, 5);
      requests.accept('middle', 'cycle', 'trigger', {}, 20);
      requests.begin('middle', 40);
      requests.finish('done', 'done', {}, 50);
    });
    const ids = () => requests.unfinished().map(({ id }) => id);
    t.same(ids(), ['early', 'middle', 'late']);
    await write(() => requests.prune(50));
    t.ok(requests.get('done'), 'not before its time');
    await write(() => requests.prune(1_000_000));
    t.equal(requests.get('done'), undefined);
    t.same(ids(), ['early', 'middle', 'late'], 'what is not finished is not forgotten');
  },
);

t.test('verdicts: a request has one analysis of an agent, in the order they came', async (t) => {
  const { verdicts, interventions, write } = open(t);
  const needy = { needsSteering: true, steeringType: 'loop', recommendation: 'Stop it.' } as const;
  const added = await write(() => [
    verdicts.addAnalysis(row('r1', analysisOf('b', needy))),
    verdicts.addAnalysis(row('r1', analysisOf('a'))),
    verdicts.addAnalysis(row('r1', analysisOf('b', { summary: 'another' }))),
    verdicts.addAnalysis(row('r2', analysisOf('b', needy), 1_000, true)),
  ]);
  t.same(added, [true, true, false, true]);
  t.same(
    verdicts.itemsOf('r1').map(({ agent, summary, steeringType }) => [agent, summary, steeringType]),
    [
      ['b', 'b works', 'loop'],
      ['a', 'a works', undefined],
    ],
  );
  t.same([...verdicts.judgedIn('r1')].sort(), ['a', 'b']);
  t.same([...verdicts.judgedIn('r3')], []);
  t.match(interventions.recommendedIn('r1'), [
    { agent: 'b', type: 'loop', recommendation: 'Stop it.', eventCount: 1, mode: null, lastAt: null },
  ]);
  t.same(interventions.recommendedIn('r2'), [], 'one that only stands was steered before');
  t.match(verdicts.itemsOf('r2'), [{ agent: 'b', unchanged: true }]);
});

t.test('verdicts: everything old is forgotten, cycles too', async (t) => {
  const dataDir = testFolder(t);
  const store = createStore(dataDir);
  const { verdicts, interventions, write } = store;
  const report = { coherenceScore: 1, recommendations: [] } as never;
  const add = (id: string, at: number) => {
    verdicts.addAnalysis(row(id, analysisOf('a'), at));
    verdicts.addCoherence(id, report, at);
    const cycle = { requestId: id, startedAt: at, finishedAt: at, agents: 1, failures: 0 };
    verdicts.addCycle({ ...cycle, coherenceScore: null, interventions: 0 });
    interventions.add(
      interventionOf(`i-${id}`, { requestId: id, at: new Date(at).toISOString() }),
      undefined,
    );
  };
  await write(() => {
    add('old', 1_000);
    add('new', 9_000);
    verdicts.prune(5_000);
    interventions.prune(5_000);
  });
  store.close();
  const { default: Database } = await import('../../src/store/sqlite.js');
  const reader = new Database(`${dataDir}/vigil.db`, { readonly: true });
  for (const table of ['analyses', 'coherence', 'cycles', 'interventions']) {
    t.same(reader.prepare(`select request_id from ${table}`).pluck().all(), ['new'], table);
  }
  reader.close();
});

t.test('agents: registering says who is new and who was known', async (t) => {
  const { agents, write } = open(t);
  t.same(
    await write(() =>
      agents.register(
        [
          { id: 'a', logs: [] },
          { id: 'b', logs: [] },
        ],
        'wire',
        1,
      ),
    ),
    { registered: ['a', 'b'], updated: [] },
  );
  t.same(
    await write(() =>
      agents.register(
        [
          { id: 'b', logs: ['x'] },
          { id: 'c', logs: [] },
        ],
        'wire',
        2,
      ),
    ),
    {
      registered: ['c'],
      updated: ['b'],
    },
  );
  t.same(agents.get('b')?.spec, { id: 'b', logs: ['x'] }, 'with the new particulars');
  t.equal(agents.get('b')?.registeredAt, 1, 'and the time of the first');
  t.same(await write(() => agents.remove(['b', 'nobody'])), ['b']);
  t.same(agents.activeIds(), ['a', 'c']);
  t.same(agents.counts(), { active: 2, inactive: 0 });
});

t.test('agents: those of the settings go with the settings, those of the wire stay', async (t) => {
  const { agents, write } = open(t);
  const spec = (id: string) => ({ id, logs: [] });
  await write(() => agents.register([spec('wired')], 'wire', 1));
  await write(() => agents.declare([spec('sample-1'), spec('sample-2')], 'sample', 2));
  t.same(agents.activeIds(), ['sample-1', 'sample-2', 'wired']);
  await write(() => agents.declare([spec('set-1'), spec('sample-2')], 'settings', 3));
  t.same(agents.activeIds(), ['sample-2', 'set-1', 'wired']);
  await write(() => agents.register([spec('set-1')], 'wire', 4));
  await write(() => agents.declare([], 'settings', 5));
  t.same(
    agents.activeIds(),
    ['set-1', 'wired'],
    'one that was registered over the wire since is of the wire',
  );
});

t.test('agents: the last analysis is the newest, whatever came between', async (t) => {
  const { agents, verdicts, write } = open(t);
  await write(() => {
    agents.register(
      [
        { id: 'a', logs: [] },
        { id: 'b', logs: [] },
      ],
      'wire',
      1,
    );
    verdicts.addAnalysis(row('r1', analysisOf('a', { phase: 'exploring' }), 5_000));
    verdicts.addAnalysis(row('r2', analysisOf('b'), 9_000));
    verdicts.addAnalysis(row('r3', analysisOf('a', { needsSteering: true, steeringType: 'stall' }), 7_000));
  });
  t.same(agents.get('a')?.lastAnalysis, {
    at: new Date(7_000).toISOString(),
    phase: 'implementing',
    alignmentScore: 0.9,
    needsSteering: true,
    steeringType: 'stall',
  });
  t.equal(agents.get('nobody'), undefined);
});

t.test('verdicts: the latest of each agent that is on record', async (t) => {
  const { agents, verdicts, write } = open(t);
  await write(() => {
    agents.register(
      ['a', 'b', 'c'].map((id) => ({ id, logs: [] })),
      'wire',
      1,
    );
    verdicts.addAnalysis(row('r1', analysisOf('a', { phase: 'exploring' }), 5_000));
    verdicts.addAnalysis(row('r1', analysisOf('b', { waitsFor: 'input' }), 5_000));
    verdicts.addAnalysis(row('r1', analysisOf('gone'), 5_000));
    verdicts.addAnalysis(row('r2', analysisOf('a', { lastEventAt: '2026-01-01T00:00:00.000Z' }), 4_000));
  });
  t.match(
    verdicts.latest().sort((one, other) => (one.agent < other.agent ? -1 : 1)),
    [
      {
        agent: 'a',
        at: 4_000,
        phase: 'implementing',
        waitsFor: null,
        lastEventAt: '2026-01-01T00:00:00.000Z',
      },
      { agent: 'b', at: 5_000, waitsFor: 'input', lastEventAt: null },
    ],
  );
  t.equal(verdicts.latest().length, 2);
});

t.test('agents: pages of any size make up the whole, each once, in order', async (t) => {
  const { agents, write } = open(t);
  const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(id, { maxLength: 30 }),
      fc.integer({ min: 1, max: 8 }),
      async (ids, limit) => {
        await write(() =>
          agents.declare(
            ids.map((id) => ({ id, logs: [] })),
            'settings',
            1,
          ),
        );
        const seen: string[] = [];
        for (;;) {
          const page = agents.list({ after: seen.at(-1), limit }).map(({ spec }) => spec.id);
          seen.push(...page);
          if (page.length < limit) break;
        }
        // SQLite compares bytes, as JavaScript does for these characters.
        t.same(seen, [...ids].sort());
        t.same(agents.list({ state: 'inactive', limit: 10 }), []);
      },
    ),
    { numRuns: 30 },
  );
});

t.test('agents: who is known is one statement, for any number and any text', async (t) => {
  const { agents, write } = open(t);
  const ids = Array.from({ length: 5_000 }, (_each, i) => `agent-${i}`);
  await write(() =>
    agents.register(
      ids.map((id) => ({ id, logs: [] })),
      'wire',
      1,
    ),
  );
  t.equal(agents.known(ids).size, 5_000);
  t.same([...agents.known(['agent-1', "x'; drop table agents; --", '', 'agent-1', 'a.*.>'])], ['agent-1']);
  t.equal(agents.active().length, 5_000);
});
