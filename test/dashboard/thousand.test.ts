import { join } from 'node:path';
import t from 'tap';
import { connectClient, ROOT, until } from '../system/processes.js';
import { browse, NO_BROWSER, seriousFindings, start } from './browser.js';

/** A browser that starts on a busy machine takes its time. */
t.setTimeout(120_000);

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

t.test('a thousand agents are a list that draws only what is seen', { skip: NO_BROWSER }, async (t) => {
  const { cwd, url } = await start(t);
  const nc = await connectClient(t, cwd);
  const log = join(ROOT, 'fleet/logs/eps.traj');
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
