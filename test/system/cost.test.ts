import { execFileSync } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { CostReply, UsageMark, UsageRow } from '../../src/messages/cost.js';
import { testFolder } from '../folder.js';
import { connectClient, hostPids, jsonLines, until, vigil } from './processes.js';

// What these wait for is mostly other processes.
t.jobs = 2;

const NOW = new Date().toISOString();
/** One call of a model, as a log in JSON lines has it. */
const call = (tokens: object, model = 'gpt-5', at = NOW) =>
  `${JSON.stringify({ at, role: 'assistant', text: 'works', model, tokens })}\n`;

async function fleet(t: Test, settings: object) {
  const cwd = testFolder(t, {
    'a.jsonl': `{"role": "user", "text": "do it", "at": "${NOW}"}\n${call({ input: 1_000_000, output: 0 })}`,
    'b.jsonl': call({ input: 500, output: 500 }, 'mine-7b') + call({ input: 100, output: 0, cost: 0.5 }),
    'old.jsonl': call({ input: 2_000_000, output: 0 }, 'gpt-5', '2026-01-02T03:04:05Z'),
    shop: {},
  });
  const shop = join(cwd, 'shop');
  execFileSync('git', ['init', '-q', '-b', 'mend', shop]);
  execFileSync('git', [
    '-C',
    shop,
    'remote',
    'add',
    'origin',
    'https://user:secret@github.com/acme/shop.git',
  ]);
  const agents = ['a', 'b', 'old'].map((id) => ({
    id,
    logs: [join(cwd, `${id}.jsonl`)],
    ...(id === 'old' ? {} : { cwd: shop }),
  }));
  const all = { cycle: { intervalMs: 0 }, agents, ...settings };
  writeFileSync(join(cwd, 'vigil.config.json'), JSON.stringify(all));
  const running = vigil(t, ['start'], { cwd });
  await running.says(/^Watching\./);
  return cwd;
}

t.test(
  'vigil cost: tokens, an estimate that says so, by agent, repository, day and model',
  { buffered: true },
  async (t) => {
    const cwd = await fleet(t, { cost: { prices: [{ model: 'mine-*', input: 1_000, output: 2_000 }] } });
    const cost = async (...args: string[]) => vigil(t, ['cost', ...args], { cwd }).finished();
    const nc = await connectClient(t, cwd);
    const rows = async (body: object) =>
      (await nc.request('vigil.rpc.cost', JSON.stringify(body))).json<CostReply>();

    const all: CostReply = JSON.parse((await cost('--json', '--by', 'agent')).stdout);
    t.match(all.total, {
      tokens: 3_001_100,
      usd: 1.25 + 2.5 + 1.5 + 0.5,
      usdStated: 0.5,
      unpriced: 0,
      calls: 4,
    });
    t.same(
      all.rows.map(({ key, usd }) => [key, usd]),
      [
        ['old', 2.5],
        ['b', 2],
        ['a', 1.25],
      ],
      'the dearest first',
    );
    t.match(await rows({ by: 'repository' }), {
      rows: [
        { key: 'acme/shop', usd: 3.25 },
        { key: '', usd: 2.5 },
      ],
    });
    t.match(await rows({ by: 'day' }), { rows: [{ key: NOW.slice(0, 10) }, { key: '2026-01-02' }] });
    t.same(
      (await rows({ by: 'model', since: NOW.slice(0, 10) })).rows.map(({ key }) => key),
      ['gpt-5', 'mine-7b'],
    );
    t.match(await rows({ agent: 'a' }), { total: { usd: 1.25 } });

    const table = await cost('--by', 'repo', '--last', '1');
    t.match(table.stdout, /^REPOSITORY +COST +TOKENS/);
    t.match(table.stdout, /^acme\/shop +~\$3\.25 +1\.00M/m);
    t.match(table.stdout, /^all \(1 more\) +~\$5\.75/m);
    t.match(
      table.stderr,
      /estimate, by the prices of cost\.prices and list prices as of \d{4}-\d\d-\d\d; not a bill/,
    );
    t.match(await cost('--since', 'yesterday'), { code: 2, stderr: /since/ });

    const [first] = jsonLines((await vigil(t, ['ls', '--json'], { cwd }).finished()).stdout).filter(
      ({ id }) => id === 'a',
    );
    t.match(first, {
      place: { repository: 'acme/shop', branch: 'mend' },
      spend: { tokens: 1_000_000, usd: 1.25, tokensToday: 1_000_000, usdToday: 1.25 },
    });
    const listed = (await vigil(t, ['ls'], { cwd }).finished()).stdout;
    t.match(listed, /^a .*acme\/shop mend +1\.00M +~\$1\.25/m);
    const shown = (await vigil(t, ['agents', 'show', 'a'], { cwd }).finished()).stdout;
    t.match(shown, /^works in +acme\/shop mend/m);
    t.match(shown, /^used +1\.00M tokens, ~\$1\.25; today 1\.00M, ~\$1\.25/m);
    t.notMatch(listed + shown, /secret/);
  },
);

t.test(
  'what was used stays on record, and is counted once, over a restart and a forgotten agent',
  { buffered: true },
  async (t) => {
    const cwd = testFolder(t, { 'a.jsonl': call({ input: 10, output: 5 }) });
    const agents = [{ id: 'a', logs: [join(cwd, 'a.jsonl')] }];
    writeFileSync(join(cwd, 'vigil.config.json'), JSON.stringify({ agents, logs: { checkpointBytes: 0 } }));
    for (const more of ['', call({ input: 3, output: 2 })]) {
      appendFileSync(join(cwd, 'a.jsonl'), more);
      const running = vigil(t, ['start'], { cwd });
      await running.says(/^Watching\./);
      const nc = await connectClient(t, cwd);
      const total = async () => (await nc.request('vigil.rpc.cost', '{}')).json<CostReply>().total.tokens;
      t.equal(await total(), more === '' ? 15 : 20);
      if (more !== '') {
        await nc.request('vigil.rpc.agents.remove', '{"ids": ["a"]}');
        t.equal(await total(), 20);
      }
      await nc.close();
      running.child.kill('SIGTERM');
      await running.finished();
    }
  },
);

t.test(
  'each call counts once, told in parts, also when the host is lost in between',
  { buffered: true },
  async (t) => {
    const cwd = testFolder(t, {
      'a.jsonl': call({ input: 1, output: 0 }) + call({ input: 2, output: 0 }, 'n'),
    });
    const agents = [{ id: 'a', logs: [join(cwd, 'a.jsonl')] }];
    const settings = { agents, cycle: { intervalMs: 0 }, logs: { checkpointBytes: 1_024 } };
    writeFileSync(join(cwd, 'vigil.config.json'), JSON.stringify(settings));
    const running = vigil(t, ['start'], { cwd });
    await running.says(/^Watching\./);
    const nc = await connectClient(t, cwd);
    const asked: { type: string; body: { usageAfter?: UsageMark } }[] = [];
    const spy = await connectClient(t, cwd, 'supervisor');
    spy.subscribe('vigil.actor.agent.a', { callback: (_error, message) => asked.push(message.json()) });
    let wanted = 3;
    const spends = async (line: string, more: number) => {
      appendFileSync(join(cwd, 'a.jsonl'), line);
      wanted += more;
      // A host that was lost may cost one its place.
      await until('the call', async () => {
        await nc.request('vigil.rpc.analyze', '{}', { timeout: 30_000 });
        const [agent] = (await nc.request('vigil.rpc.agents.list', '{}')).json<{
          agents: { spend: { tokens: number } }[];
        }>().agents;
        const total = (await nc.request('vigil.rpc.cost', '{}')).json<CostReply>().total.tokens;
        t.ok(total <= wanted, `${total} of ${wanted}`);
        return total === wanted && agent?.spend.tokens === wanted;
      });
    };
    await spends('', 0);
    await spends(call({ input: 10, output: 0 }), 10);
    await spends(call({ input: 100, output: 0 }, 'n'), 100);
    const question = await until('a question', () =>
      asked.findLast(({ type, body }) => type === 'analyze' && body.usageAfter !== undefined),
    );
    const told = async (usageAfter: unknown) => {
      const again = { ...question, many: false, body: { ...question.body, usageAfter } };
      const reply = await spy.request('vigil.actor.agent.a', JSON.stringify(again), { timeout: 20_000 });
      return reply.json<{ ok: { usage: UsageRow[] } }>().ok.usage;
    };
    t.match(
      await told(question.body.usageAfter),
      [{ model: 'n', input: 102 }],
      'only what has changed since',
    );
    t.equal((await told(undefined)).length, 2, 'else all of it');
    for (const pid of await hostPids(nc)) process.kill(pid, 'SIGKILL');
    await spends(call({ input: 1_000, output: 0 }), 1_000);
    await spends(call({ input: 10_000, output: 0 }, 'n'), 10_000);
  },
);
