import t from 'tap';
import { vigil } from '../system/processes.js';
import { browse, NO_BROWSER, start } from './browser.js';

/** A browser that starts on a busy machine takes its time. */
t.setTimeout(120_000);

t.test(
  'a stream that is lost is said, with the age of the figures, and taken up again',
  { skip: NO_BROWSER },
  async (t) => {
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
  },
);

t.test(
  'the token in the address opens it once and for all, and leaves the address',
  { skip: NO_BROWSER },
  async (t) => {
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
  },
);
