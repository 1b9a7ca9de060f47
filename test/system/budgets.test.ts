import { appendFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import type { BudgetReached, CostReply } from '../../src/messages/cost.js';
import { testFolder } from '../folder.js';
import { connectClient, until, vigil } from './processes.js';

/** One call of a model, as a log in JSON lines has it. */
const call = (tokens: object) =>
  `${JSON.stringify({ at: new Date().toISOString(), role: 'assistant', text: 'works', model: 'gpt-5', tokens })}\n`;

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
  const cwd = testFolder(t, { 'a.jsonl': call({ input: 85, output: 0 }) });
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
    const spent = async () => (await nc.request('vigil.rpc.cost', '{}')).json<CostReply>().total.tokens;
    return { running, analyse, spent };
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
  await until('a look at the budgets', async () => (await second.spent()) > 1_700_000);
  // The look comes a second after what it is about; an event of the fleet's would be there by then.
  await second.analyse(call({ input: 1, output: 0 }));
  second.running.child.kill('SIGTERM');
  await second.running.finished();
  t.equal(told.length, before, 'nothing is said twice');
  await until('the notices', () => notices.length === 3);
  const raised = { agentPerDay: { tokens: 2_000_000 }, fleetPerDay: { usd: 1 } };
  writeFileSync(join(cwd, 'vigil.config.json'), JSON.stringify({ ...settings, cost: raised }));
  const third = await begin();
  await until('what is used of the raised one', () => notices.length === 4);
  await third.analyse(call({ input: 400_000, output: 0 }));
  await until('its end', () => notices.length === 5);
  third.running.child.kill('SIGTERM');
  await third.running.finished();
  t.match(
    notices.slice(3).map(({ text }) => text),
    [
      /^a has used 1700111 tokens of 2000000 .*\(80 %\)$/,
      /^a has used 2100111 tokens of 2000000 .*\(100 %\)$/,
    ],
  );
  t.same(
    notices.map(({ reason }) => reason),
    Array.from({ length: 5 }, () => 'budget'),
  );
});
