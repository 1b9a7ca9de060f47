import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axe from 'axe-core';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import type { Test } from 'tap';
import { testFolder } from '../folder.js';
import { vigil } from '../system/processes.js';

const CHROMIUM = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';

/** Why browser tests are left out: only where nobody asked for them, never in CI. */
export const NO_BROWSER: string | false =
  existsSync(CHROMIUM) || process.env['CI'] !== undefined
    ? false
    : `no Chromium at ${CHROMIUM}: apt-get install chromium, or set CHROMIUM_PATH`;

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface Looked {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What the browser complained of: exceptions, refused by the policy, failed to load. */
  readonly complaints: string[];
}

/** A headless Chromium with a page of its own. A breach of the page's policy is among its complaints. */
export async function browse(
  t: Test,
  options: { width?: number; height?: number; colorScheme?: 'dark' | 'light' } = {},
): Promise<Looked> {
  if (!existsSync(CHROMIUM))
    throw new Error(`no Chromium at ${CHROMIUM}: apt-get install chromium, or set CHROMIUM_PATH`);
  const folder = mkdtempSync(join(tmpdir(), 'vigil-chromium-'));
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: CHROMIUM,
    headless: true,
    args: FLAGS,
    viewport: { width: options.width ?? 1_280, height: options.height ?? 800 },
    colorScheme: options.colorScheme ?? 'dark',
  });
  t.teardown(async () => {
    await context.close();
    rmSync(folder, { recursive: true, force: true });
  });
  context.setDefaultTimeout(30_000);
  const complaints: string[] = [];
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  return { context, page, complaints };
}

/** What axe finds that is serious or worse. */
export async function seriousFindings(page: Page): Promise<string[]> {
  // Runs in the page's own world but past its policy, as a person's browser extension would.
  await page.evaluate(axe.source);
  const found = await page.evaluate('axe.run().then(({ violations }) => violations)');
  return (
    found as { impact: string; id: string; help: string; nodes: { html: string; failureSummary: string }[] }[]
  )
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, help, nodes }) =>
        `${id}: ${help}: ${nodes
          .slice(0, 3)
          .map(({ html, failureSummary }) => `${html.slice(0, 200)} ${failureSummary}`)
          .join(' | ')}`,
    );
}

/** A live fleet, the sample, with a dashboard on a free port. */
export async function start(t: Test, env: Record<string, string> = {}) {
  const cwd = testFolder(t);
  const running = vigil(t, ['start'], {
    cwd,
    env: { VIGIL_HTTP_PORT: '0', VIGIL_CYCLE_INTERVAL_MS: '0', ...env },
  });
  const url = (await running.says(/^Dashboard /)).split(' ')[1] ?? '';
  return { cwd, url, running };
}
