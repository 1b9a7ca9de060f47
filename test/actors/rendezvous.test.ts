import fc from 'fast-check';
import t from 'tap';
import { choose, rank } from '../../src/actors/placement/rendezvous.js';

const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
const hosts = fc.uniqueArray(id, { minLength: 1, maxLength: 20 });

t.test('a host that joins takes agents only to itself', async () => {
  fc.assert(
    fc.property(hosts, id, fc.array(id, { maxLength: 50 }), (before, joining, agents) => {
      fc.pre(!before.includes(joining));
      return agents.every((agent) => {
        const after = choose(agent, [...before, joining]);
        return after === joining || after === choose(agent, before);
      });
    }),
  );
});

t.test('a host that leaves gives up only its own agents', async () => {
  fc.assert(
    fc.property(hosts, fc.nat(), fc.array(id, { maxLength: 50 }), (before, pick, agents) => {
      const leaving = before[pick % before.length];
      const after = before.filter((host) => host !== leaving);
      return agents.every((agent) => {
        const home = choose(agent, before);
        return home === leaving || choose(agent, after) === home;
      });
    }),
  );
});

t.test('the order in which hosts are named does not matter', async () => {
  fc.assert(
    fc.property(hosts, id, (all, agent) => {
      const chosen = choose(agent, all);
      return all.includes(chosen as string) && choose(agent, [...all].reverse()) === chosen;
    }),
  );
});

t.test('the choice is the same in every process and version', async (t) => {
  t.equal(rank('agent-7', 'h0'), 3_498_269_781);
  t.equal(choose('agent-7', ['h0', 'h1', 'h2', 'h3']), 'h1');
  t.equal(choose('agent-7', []), undefined);
});

t.test('10,000 agents spread evenly, whatever their ids and hosts look like', async (t) => {
  const names = {
    counted: (i: number) => `agent-${i}`,
    padded: (i: number) => `a${String(i).padStart(20, '0')}`,
    sorted: (i: number) => `mf3k2${i.toString(36)}`,
  };
  const families = {
    slots: (i: number) => `h${i}`,
    dated: (i: number) => `h${i}-mf3k2q9x00000000000000${i.toString(16).padStart(2, '0')}`,
  };
  for (const [naming, name] of Object.entries(names)) {
    for (const [family, host] of Object.entries(families)) {
      for (let count = 2; count <= 16; count++) {
        const all = Array.from({ length: count }, (_, i) => host(i));
        const load = new Map(all.map((each) => [each, 0]));
        for (let i = 0; i < 10_000; i++) {
          const chosen = choose(name(i), all) as string;
          load.set(chosen, (load.get(chosen) ?? 0) + 1);
        }
        const fair = 10_000 / count;
        // Six standard deviations of a fair throw.
        const slack = 6 * Math.sqrt(fair * (1 - 1 / count));
        const worst = Math.max(...[...load.values()].map((got) => Math.abs(got - fair)));
        t.ok(worst <= slack, `${naming} on ${count} ${family}: off by ${worst} of ${Math.round(slack)}`);
      }
    }
  }
});
