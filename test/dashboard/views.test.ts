import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { connectClient } from '../system/processes.js';
import { browse, NO_BROWSER, seriousFindings, start } from './browser.js';

/** A browser that starts on a busy machine takes its time. */
t.setTimeout(120_000);

/** The page is well in both colours and at the width of a telephone. */
async function isAccessible(t: Test, looked: Awaited<ReturnType<typeof browse>>, what: string) {
  const { page } = looked;
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    t.same(await seriousFindings(page), [], `${what}, ${colorScheme}: axe finds nothing serious`);
  }
  await page.setViewportSize({ width: 400, height: 800 });
  const wide = await page.evaluate<boolean>(
    "document.documentElement.scrollWidth > 400 || document.querySelector('main').scrollWidth > 400",
  );
  t.notOk(wide, `${what}: nothing sticks out at 400 px`);
  await page.setViewportSize({ width: 1_280, height: 800 });
}

t.test(
  'each view shows the live fleet, without a complaint of the browser',
  { skip: NO_BROWSER },
  async (t) => {
    const { cwd, url } = await start(t);
    const looked = await browse(t);
    const { page, complaints } = looked;

    await t.test('fleet: who is in trouble first, filters, search, keys', async (t) => {
      await page.goto(url);
      const rows = page.locator('.row');
      await rows.nth(7).waitFor();
      t.match(
        await rows.first().innerText(),
        /cfn-lint-3561[\s\S]*stuck[\s\S]*errors/,
        'the stuck one comes first',
      );
      t.match(await page.locator('.fresh').innerText(), 'live');
      await isAccessible(t, looked, 'fleet');
      await page.getByRole('button', { name: /In trouble/ }).click();
      t.equal(await rows.count(), 1);
      await page.getByRole('button', { name: /All/ }).click();
      await page.keyboard.press('/');
      await page.keyboard.type('marshmallow loop');
      await page.getByText('No agent fits.').waitFor();
      await page.keyboard.press('Escape');
      await rows.nth(7).waitFor();
      await page.keyboard.press('?');
      await page.getByRole('dialog').getByText('next, previous agent').waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'hidden' });
      for (const key of ['j', 'j', 'k', 'Enter']) await page.keyboard.press(key);
      await page.getByRole('heading', { name: 'cfn-lint-3561' }).waitFor();
      await page.keyboard.press('Escape');
      await rows.first().waitFor();
      await page.reload();
      await rows.nth(7).waitFor();
      await page.keyboard.press('Tab');
      t.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to content');
    });

    await t.test(
      'agent: verdict, evidence in the log and on the timeline, a new analysis at once',
      async (t) => {
        await page.goto(`${url}#/agents/ctf-eps`);
        await page.getByText('repeated-failing-action').waitFor();
        await page.locator('.timeline rect.evidence').first().waitFor();
        t.ok((await page.locator('.timeline rect.tick').count()) > 20);
        await page.getByRole('button', { name: '#30' }).first().click();
        await page.locator('.line.chosen.evidence').waitFor();
        t.match(await page.getByRole('region', { name: 'Event 30' }).innerText(), /submit flag\{/);
        await isAccessible(t, looked, 'agent');
        await page.getByRole('button', { name: 'Analyse' }).click();
        await page.getByText('ctf-eps analysed').waitFor();
        await page.locator('.chart canvas').waitFor();
        t.pass('the curve has a second point');
        await page.getByRole('button', { name: 'Steer…' }).click();
        await page.getByLabel('Message').fill('Stop guessing.');
        await page.getByRole('button', { name: 'Send' }).click();
        await page.locator('.said', { hasText: 'ctf-eps: waiting' }).waitFor();
        await page.getByRole('button', { name: 'Pause' }).click();
        await page.getByRole('button', { name: 'Resume' }).waitFor();
      },
    );

    await t.test('agent: older events come when somebody scrolls back', async (t) => {
      const nc = await connectClient(t, cwd);
      const log = Array.from(
        { length: 3_600 },
        (_, n) => `${JSON.stringify({ role: 'assistant', content: `step ${n}` })}\n`,
      ).join('');
      writeFileSync(join(cwd, 'long.jsonl'), log);
      const agents = [{ id: 'long', goal: 'a long way', logs: [join(cwd, 'long.jsonl')] }];
      await nc.request('vigil.rpc.agents.register', JSON.stringify({ agents }));
      await nc.request('vigil.rpc.analyze', '{"agents": ["long"]}', { timeout: 30_000 });
      await page.goto(`${url}#/agents/long`);
      const told = page.getByRole('heading', { name: /^Timeline/ });
      await told.filter({ hasText: /last 1000 of 3600 events/ }).waitFor();
      const events = page.getByRole('region', { name: 'Events' });
      const list = "document.querySelector('.events')";
      const scrollTo = (top: number) => page.evaluate(`${list}.scrollTop = ${top}`);
      const seen = await events.locator('.index').first().innerText();
      await scrollTo(100);
      await told.filter({ hasText: /last 2000 of 3600 events/ }).waitFor();
      t.ok((await page.evaluate<number>(`${list}.scrollTop`)) > 20_000, 'what is seen stays where it is');
      const order = (await events.locator('.index').allInnerTexts()).map(Number);
      t.same(
        order,
        [...order].sort((a, b) => a - b),
        'in order',
      );
      t.ok(Number(seen) > (order[0] ?? 0));
      for (const count of ['last 3000 of 3600', '^Timeline\\s*3600']) {
        await scrollTo(100);
        await told.filter({ hasText: new RegExp(`${count} events`) }).waitFor();
      }
      await scrollTo(0);
      await events.locator('.index', { hasText: /^0$/ }).waitFor();
    });

    await t.test('coherence: duplicates as a graph and in words', async (t) => {
      await page.goto(`${url}#/coherence`);
      await page.locator('.graph .edge.duplicate').waitFor({ state: 'attached' });
      t.equal(await page.locator('.graph .node').count(), 2);
      await page.getByRole('button', { name: 'Judge now' }).click();
      await page.locator('.chart canvas').waitFor();
      await isAccessible(t, looked, 'coherence');
    });

    await t.test('tasks: five hundred, drawn, with the critical path and what is ready', async (t) => {
      await page.goto(`${url}#/tasks`);
      await page.getByText('No open tasks.').waitFor();
      const nc = await connectClient(t, cwd);
      // Fifty chains of ten, of which one is tied to the next: a path through two.
      const tasks = Array.from({ length: 500 }, (_, i) => ({
        id: `t${i}`,
        title: `Step ${i % 10} of part ${Math.floor(i / 10)}`,
        dependsOn: i % 10 === 0 ? (i === 10 ? ['t9'] : []) : [`t${i - 1}`],
      }));
      await nc.request('vigil.rpc.tasks.add', JSON.stringify({ tasks }), { timeout: 20_000 });
      await page.locator('.graph .node').nth(499).waitFor();
      t.equal(await page.locator('.graph .node.critical').count(), 20);
      t.equal(await page.locator('.graph .node.ready').count(), 49);
      t.equal(await page.locator('.graph .edge').count(), 451);
      t.match(await page.locator('table').innerText(), /Step 0 of part/);
      await page.locator('.graph .node.ready').first().click();
      await page.locator('.chosen-task').waitFor();
      await page.getByPlaceholder('id or title').fill('t255');
      await page.keyboard.press('Enter');
      await page.locator('.chosen-task', { hasText: 't255' }).waitFor();
      t.equal(await page.locator('.graph .node:not(.faded)').count(), 10, 'its chain stands out');
      await page.getByLabel('only the chosen task').check();
      await page.locator('.graph .node').nth(10).waitFor({ state: 'detached' });
      t.equal(await page.locator('.graph .node').count(), 10);
      await page.getByRole('button', { name: 'Fit' }).click();
      await isAccessible(t, looked, 'tasks');
    });

    await t.test('system: hosts and the supervision tree', async (t) => {
      await page.goto(`${url}#/system`);
      await page.locator('.tree').getByText('nats-server').waitFor();
      t.match(await page.locator('main').innerText(), /connected/);
      await page.getByRole('row', { name: /^h0-\S+ parse \d/ }).waitFor();
      await page.getByText('GitHub has not been asked').waitFor();
      await isAccessible(t, looked, 'system');
    });

    await t.test('what an agent writes stays text', async (t) => {
      const evil = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
      const nc = await connectClient(t, cwd);
      const text = `${evil} "><svg onload=alert(1)> javascript:alert(1)`;
      writeFileSync(join(cwd, 'evil.jsonl'), `${JSON.stringify({ role: 'user', content: text })}\n`);
      const agents = [{ id: 'evil', goal: evil, logs: [join(cwd, 'evil.jsonl')] }];
      await nc.request('vigil.rpc.agents.register', JSON.stringify({ agents }));
      const reply = await nc.request('vigil.rpc.analyze', '{"agents": ["evil"]}', { timeout: 20_000 });
      t.match(reply.json(), { items: [{ agent: 'evil' }] });
      await page.goto(`${url}#/agents/evil`);
      await page.locator('.line', { hasText: 'onerror' }).first().waitFor();
      await page.goto(`${url}#/`);
      await page.locator('.goal', { hasText: 'onerror' }).waitFor();
      t.equal(await page.locator('main img, main script').count(), 0);
      t.match(await page.title(), /Vigil/);
    });

    t.same(complaints, [], 'no exception, nothing refused by the policy');
  },
);
