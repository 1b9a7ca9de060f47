import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { testFolder } from '../../folder.js';
import { vigil } from '../../system/processes.js';
import { KEYS, NO_TERMINAL, Terminal, type TerminalOptions } from './terminal.js';

t.setTimeout(120_000);

/** What a shell sets. */
const AS_BEFORE = 'ICANON,ECHO,ISIG';

/** The terminal is as it was: nothing of ours is on it. */
function isGivenBack(t: Test, { screen, reports }: Terminal): void {
  t.equal(reports.at(-1)?.modes, AS_BEFORE);
  t.notOk(screen.isAlternate, 'the screen from before');
  t.ok(screen.isCursorShown, 'with its cursor');
  t.ok(screen.wraps);
  t.notOk(screen.pastes);
  t.same(screen.unknown, []);
}

t.test('however it ends, the terminal is as it was', { skip: NO_TERMINAL }, async (t) => {
  const cwd = testFolder(t, {
    'vigil.config.yaml': 'cycle: {intervalMs: 0}\nagents: [{id: one, logs: []}]\n',
  });
  const supervisor = vigil(t, ['start'], { cwd });
  await supervisor.says(/^Watching\./);
  const open = async (t: Test, options: Partial<TerminalOptions> = {}) => {
    const terminal = Terminal.open(t, { cwd, ...options });
    await terminal.shows(/one +unknown/);
    t.ok(terminal.screen.isAlternate);
    t.notOk(terminal.screen.isCursorShown);
    return terminal;
  };

  await t.test('by a key', async (t) => {
    for (const key of ['q', KEYS.ctrlC]) {
      const terminal = await open(t);
      terminal.type(key);
      t.equal((await terminal.left()).what, 'exit 0');
      isGivenBack(t, terminal);
    }
  });

  await t.test('by a signal', async (t) => {
    for (const [name, code] of [
      ['SIGTERM', 143],
      ['SIGHUP', 129],
      ['SIGINT', 130],
      ['SIGQUIT', 131],
    ] as const) {
      const terminal = await open(t);
      terminal.signal(constants.signals[name]);
      t.equal((await terminal.left()).what, `exit ${code}`, name);
      isGivenBack(t, terminal);
    }
  });

  await t.test('by a crash, which is told on the screen that stays', async (t) => {
    const crash = join(cwd, 'crash.mjs');
    writeFileSync(crash, 'process.on("SIGUSR2", () => { throw new Error("boom"); });');
    const terminal = await open(t, { env: { NODE_OPTIONS: `--import=${crash}` } });
    terminal.signal(constants.signals.SIGUSR2);
    t.equal((await terminal.left()).what, 'exit 1');
    isGivenBack(t, terminal);
    t.match(terminal.screen.plain, /Error: boom/);
  });

  await t.test('when the terminal is closed under it', async (t) => {
    const terminal = await open(t);
    terminal.hang();
    t.equal((await terminal.left()).what, 'signal 1');
  });

  await t.test('suspended and continued', async (t) => {
    const terminal = await open(t);
    for (const [i, suspend] of [
      () => terminal.type(KEYS.ctrlZ),
      () => terminal.signal(constants.signals.SIGTSTP),
    ].entries()) {
      suspend();
      t.equal((await terminal.left(i + 1)).what, 'stopped');
      isGivenBack(t, terminal);
      terminal.continue();
      await terminal.shows(/one +unknown/);
      t.ok(terminal.screen.isAlternate, 'it has the terminal again');
    }
    // Its keys are read one by one again.
    terminal.type('?');
    await terminal.shows(/any key goes back/);
    terminal.type(KEYS.ctrlC);
    t.equal((await terminal.left(3)).what, 'exit 0');
    isGivenBack(t, terminal);
  });
});

t.test('where no table that moves can be shown', { skip: NO_TERMINAL }, async (t) => {
  const cwd = testFolder(t, {});
  await t.test('no terminal', async (t) => {
    const { code, stdout, stderr } = await vigil(t, ['top'], { cwd }).finished();
    t.equal(code, 2);
    t.equal(stdout, '');
    t.match(stderr, /have to be a terminal; .*vigil ls --json/);
  });
  await t.test('one that cannot move its cursor', async (t) => {
    const terminal = Terminal.open(t, { cwd, env: { TERM: 'dumb' } });
    t.equal((await terminal.left()).what, 'exit 2');
    t.match(terminal.screen.plain, /TERM is dumb.*vigil ls/);
  });
  await t.test('no supervisor', async (t) => {
    const terminal = Terminal.open(t, { cwd });
    t.equal((await terminal.left()).what, 'exit 5');
    isGivenBack(t, terminal);
    t.match(terminal.screen.plain, /no supervisor runs on/);
  });
});
