import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { connectClient, ROOT, until, vigil } from '../system/processes.js';
import { browse, seriousFindings } from './browser.js';

async function start(t: Test, env: Record<string, string> = {}) {
  const cwd = t.testdir();
  const running = vigil(t, ['start'], {
    cwd,
    env: { VIGIL_HTTP_PORT: '0', VIGIL_CYCLE_INTERVAL_MS: '0', ...env },
  });
  const url = (await running.says(/^Dashboard /)).split(' ')[1] ?? '';
  return { cwd, url, running };
}

/** Goes through the list from end to end, and counts the agents that came by. In the page's own world, hence a text. */
const SCROLL_THROUGH = `(async () => {
  const list = document.querySelector('.virtual');
  const seen = new Set();
  const look = async (top) => {
    list.scrollTop = top;
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    for (const row of list.querySelectorAll('.row strong')) seen.add(row.textContent);
  };
  const limit = list.scrollHeight - list.clientHeight;
  for (let top = 0; top < limit; top += 400) await look(top);
  await look(limit);
  return seen.size;
})()`;

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

t.test('each view shows the live fleet, without a complaint of the browser', async (t) => {
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

  await t.test('coherence: duplicates as a graph and in words', async (t) => {
    await page.goto(`${url}#/coherence`);
    await page.locator('.graph .edge.duplicate').waitFor({ state: 'attached' });
    t.equal(await page.locator('.graph .node').count(), 2);
    await page.getByRole('button', { name: 'Judge now' }).click();
    await page.locator('.chart canvas').waitFor();
    await isAccessible(t, looked, 'coherence');
  });

  await t.test('system: hosts and the supervision tree', async (t) => {
    await page.goto(`${url}#/system`);
    await page.locator('.tree').getByText('nats-server').waitFor();
    t.match(await page.locator('main').innerText(), /connected/);
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
});

t.test('a thousand agents are a list that draws only what is seen', async (t) => {
  const { cwd, url } = await start(t);
  const nc = await connectClient(t, cwd);
  const log = join(ROOT, 'fleet/logs/eps.traj');
  t.ok(readFileSync(log, 'utf8').length > 0);
  const agents = Array.from({ length: 1_000 }, (_, i) => ({
    id: `agent-${`${i}`.padStart(4, '0')}`,
    goal: `goal ${i}`,
    logs: [log],
  }));
  await nc.request('vigil.rpc.agents.register', JSON.stringify({ agents }), { timeout: 30_000 });
  const { page, complaints } = await browse(t);
  await page.goto(url);
  await page.getByRole('button', { name: /1008 All/ }).waitFor();
  t.ok((await page.locator('.row').count()) < 60, 'few rows are drawn');
  const drawn = await page.evaluate<number>(SCROLL_THROUGH);
  t.equal(drawn, 1_008, 'and all of them come by');
  await page.keyboard.press('/');
  await page.keyboard.type('agent-0777');
  await page.locator('.row').first().waitFor();
  await until('one is left', async () => (await page.locator('.row').count()) === 1);
  t.same(await seriousFindings(page), []);
  t.same(complaints, []);
});

t.test('a stream that is lost is said, with the age of the figures, and taken up again', async (t) => {
  const { url, running, cwd } = await start(t);
  const { page } = await browse(t);
  await page.goto(url);
  await page.locator('.row').nth(7).waitFor();
  running.child.kill('SIGTERM');
  await page
    .getByRole('alert')
    .getByText(/Disconnected\. Figures from \d+ s ago/)
    .waitFor();
  t.equal(await page.locator('.row').count(), 8, 'what was known stays on the page');
  await running.finished();
  const again = vigil(t, ['start'], {
    cwd,
    env: { VIGIL_HTTP_PORT: new URL(url).port, VIGIL_CYCLE_INTERVAL_MS: '0' },
  });
  await again.says(/^Dashboard /);
  await page.locator('.fresh.live').waitFor();
  await page.getByRole('alert').waitFor({ state: 'hidden' });
});

t.test('the token in the address opens it once and for all, and leaves the address', async (t) => {
  const { url } = await start(t, { VIGIL_HTTP_TOKEN: 'a-token-of-this-test' });
  const { page } = await browse(t);
  await page.goto(url.split('#')[0] ?? '');
  await page
    .getByRole('alert')
    .getByText(/Locked/)
    .waitFor();
  await page.goto('about:blank');
  await page.goto(url);
  await page.locator('.row').nth(7).waitFor();
  t.notMatch(page.url(), /token/);
  await page.reload();
  await page.locator('.row').nth(7).waitFor();
});
