import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { BudgetReached } from '../../src/messages/cost.js';
import { connectClient, jsonLines, until, vigil } from './processes.js';

const NOW = new Date().toISOString();
/** One call of a model, as a log in JSON lines has it. */
const call = (tokens: object, model = 'gpt-5', at = NOW) =>
  `${JSON.stringify({ at, role: 'assistant', text: 'works', model, tokens })}\n`;

async function fleet(t: Test, settings: object) {
  const cwd = t.testdir({
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

t.test('vigil cost: tokens, an estimate that says so, by agent, repository, day and model', async (t) => {
  const cwd = await fleet(t, { cost: { prices: [{ model: 'mine-*', input: 1_000, output: 2_000 }] } });
  const cost = async (...args: string[]) => vigil(t, ['cost', ...args], { cwd }).finished();
  const rows = async (...args: string[]) => JSON.parse((await cost('--json', ...args)).stdout);

  const all = await rows();
  t.match(all.total, {
    tokens: 3_001_100,
    usd: 1.25 + 2.5 + 1.5 + 0.5,
    usdStated: 0.5,
    unpriced: 0,
    calls: 4,
  });
  t.same(
    all.rows.map(({ key, usd }: { key: string; usd: number }) => [key, usd]),
    [
      ['old', 2.5],
      ['b', 2],
      ['a', 1.25],
    ],
    'the dearest first',
  );
  t.match(await rows('--by', 'repo'), {
    rows: [
      { key: 'acme/shop', usd: 3.25 },
      { key: '', usd: 2.5 },
    ],
  });
  t.match(await rows('--by', 'day'), { rows: [{ key: NOW.slice(0, 10) }, { key: '2026-01-02' }] });
  t.same(
    (await rows('--by', 'model', '--since', 'today')).rows.map(({ key }: { key: string }) => key),
    ['gpt-5', 'mine-7b'],
  );
  t.match(await rows('--agent', 'a'), { total: { usd: 1.25 } });

  const table = await cost();
  t.match(table.stdout, /^AGENT +COST +TOKENS/);
  t.match(table.stdout, /^old +~\$2\.50 +2\.00M/m);
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
});

t.test(
  'what was used stays on record, and is counted once, over a restart and a forgotten agent',
  async (t) => {
    const cwd = t.testdir({ 'a.jsonl': call({ input: 10, output: 5 }) });
    const agents = [{ id: 'a', logs: [join(cwd, 'a.jsonl')] }];
    writeFileSync(join(cwd, 'vigil.config.json'), JSON.stringify({ agents, logs: { checkpointBytes: 0 } }));
    const total = async () =>
      JSON.parse((await vigil(t, ['cost', '--json'], { cwd }).finished()).stdout).total.tokens;
    for (const more of ['', call({ input: 3, output: 2 })]) {
      appendFileSync(join(cwd, 'a.jsonl'), more);
      const running = vigil(t, ['start'], { cwd });
      await running.says(/^Watching\./);
      t.equal(await total(), more === '' ? 15 : 20);
      if (more !== '') {
        await vigil(t, ['agents', 'remove', 'a'], { cwd }).finished();
        t.equal(await total(), 20);
      }
      running.child.kill('SIGTERM');
      await running.finished();
    }
  },
);

t.test('budgets: said at 80 % and at 100 %, once each, also over a restart, and to people', async (t) => {
  const notices: { reason: string; text: string }[] = [];
  const hook = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part) => {
      text += part;
    });
    request.on('end', () => {
      notices.push(JSON.parse(text));
      response.end();
    });
  });
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
  t.teardown(() => hook.close());
  const cwd = t.testdir({ 'a.jsonl': call({ input: 85, output: 0 }), logs: {} });
  mkdirSync(join(cwd, 'home'));
  const settings = {
    cycle: { intervalMs: 0 },
    agents: [{ id: 'a', logs: [join(cwd, 'a.jsonl')] }],
    cost: { agentPerDay: { tokens: 100 }, fleetPerDay: { usd: 1 } },
    notices: { webhook: { url: `http://127.0.0.1:${(hook.address() as AddressInfo).port}/` } },
  };
  writeFileSync(join(cwd, 'vigil.config.json'), JSON.stringify(settings));
  const told: BudgetReached[] = [];
  const begin = async () => {
    const running = vigil(t, ['start'], { cwd });
    await running.says(/^Watching\./);
    const nc = await connectClient(t, cwd);
    nc.subscribe('vigil.event.*.budget', { callback: (_error, message) => told.push(message.json()) });
    nc.subscribe('vigil.event.agent.*.budget', { callback: (_error, message) => told.push(message.json()) });
    await nc.flush();
    const analyse = async (line: string) => {
      appendFileSync(join(cwd, 'a.jsonl'), line);
      await nc.request('vigil.rpc.analyze', '{}', { timeout: 30_000 });
    };
    return { running, analyse };
  };
  const first = await begin();
  await until('the first notice', () => notices.length === 1);
  t.match(notices[0], { reason: 'budget', text: 'a has used 85 tokens of 100 tokens for today (80 %)' });
  await first.analyse(call({ input: 5, output: 0 }));
  await first.analyse(call({ input: 20, output: 0 }));
  await until('the second', () => told.some(({ percent, agent }) => percent === 100 && agent === 'a'));
  await first.analyse(call({ input: 800_000, output: 0 }));
  await until('that of the fleet', () => told.some(({ agent }) => agent === undefined));
  t.match(told.at(-1), { percent: 100, unit: 'usd', budget: 1 });
  first.running.child.kill('SIGTERM');
  await first.running.finished();
  const before = told.length;
  const second = await begin();
  await second.analyse(call({ input: 900_000, output: 0 }));
  await until('a look at the budgets', async () => (await spentTokens(cwd, t)) > 1_700_000);
  // The look comes a second after what it is about; an event of the fleet's would be there by then.
  await second.analyse(call({ input: 1, output: 0 }));
  second.running.child.kill('SIGTERM');
  await second.running.finished();
  t.equal(told.length, before, 'nothing is said twice');
  await until('the notices', () => notices.length >= 3);
  t.same(
    notices.map(({ reason }) => reason),
    ['budget', 'budget', 'budget'],
  );
});

async function spentTokens(cwd: string, t: Test): Promise<number> {
  return JSON.parse((await vigil(t, ['cost', '--json'], { cwd }).finished()).stdout).total.tokens;
}
