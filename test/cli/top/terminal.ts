import { type ChildProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { widthOf } from '../../../src/cli/width.js';
import { CLI, cleanEnvironment, ROOT, spawnAsUser, until } from '../../system/processes.js';
import { Screen, type Widths } from './screen.js';

/** Why there is no terminal to be had here; false when there is one. */
export const NO_TERMINAL: string | false =
  spawnSync('python3', ['-c', 'import pty, termios']).status === 0
    ? false
    : 'python3 is not here: it makes the pseudo-terminals';

export const KEYS = {
  up: '\u001b[A',
  down: '\u001b[B',
  pageDown: '\u001b[6~',
  escape: '\u001b',
  enter: '\r',
  tab: '\t',
  ctrlC: '\u0003',
  ctrlZ: '\u001a',
} as const;

interface Test {
  teardown(action: () => void | Promise<void>): void;
}

export interface TerminalOptions {
  readonly cwd: string;
  readonly size?: readonly [number, number];
  readonly env?: Record<string, string>;
  readonly args?: readonly string[];
  readonly widths?: Widths;
}

/** How a program left its terminal: `exit 0`, `signal 9`, `stopped`, and the terminal's flags then. */
export interface Report {
  readonly what: string;
  readonly modes: string;
}

/** `vigil top` on a real pseudo-terminal, and its screen. */
export class Terminal {
  readonly screen: Screen;
  /** Bytes that it sent. */
  sent = 0;
  raw = '';
  pid = 0;
  readonly reports: Report[] = [];
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, screen: Screen) {
    this.#child = child;
    this.screen = screen;
    const decoder = new StringDecoder('utf8');
    child.stdout?.on('data', (bytes: Buffer) => {
      this.sent += bytes.length;
      const text = decoder.write(bytes);
      this.raw += text;
      screen.write(text);
    });
    let pending = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (pending + text).split('\n');
      pending = lines.pop() ?? '';
      for (const line of lines) this.#reported(line);
    });
  }

  static open(
    t: Test,
    { cwd, size = [120, 30], env = {}, args = ['top'], widths }: TerminalOptions,
  ): Terminal {
    const [columns, rows] = size;
    const script = join(ROOT, 'test/cli/top/terminal.py');
    const given = [script, String(columns), String(rows), process.execPath, CLI, ...args];
    const clean = { ...cleanEnvironment({ TERM: 'xterm-256color', ...env }) };
    if (env['NO_COLOR'] === undefined) delete clean['NO_COLOR'];
    const child = spawnAsUser('python3', given, { cwd, env: clean, stdio: ['pipe', 'pipe', 'pipe'] });
    const screen = new Screen(columns, rows, widths ?? widthOf);
    const terminal = new Terminal(child, screen);
    t.teardown(async () => {
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.stdin?.end();
      await ended;
    });
    return terminal;
  }

  /** As fast as it is read: one key, or what a person types. */
  type(text: string): void {
    this.#command({ type: text });
  }

  resize(columns: number, rows: number): void {
    this.screen.resize(columns, rows);
    this.#command({ size: [columns, rows] });
  }

  signal(number: number): void {
    this.#command({ signal: number });
  }

  continue(): void {
    this.#command({ continue: true });
  }

  /** The terminal goes away, as a window that is closed. */
  hang(): void {
    this.#command({ hang: true });
  }

  /** Until the screen shows it. @returns the line. */
  shows(wanted: RegExp): Promise<string> {
    return this.#until(`${wanted}`, () => {
      const line = this.screen.lines.find((each) => wanted.test(each));
      if (line === undefined) this.#mustRun();
      return line;
    });
  }

  /** Until the screen shows it no longer. */
  async hides(unwanted: RegExp): Promise<void> {
    await this.#until(`no ${unwanted}`, () => !this.screen.lines.some((line) => unwanted.test(line)));
  }

  /** Until the program stopped or ended. */
  left(count = 1): Promise<Report> {
    return this.#until('its end', () => this.reports[count - 1]);
  }

  async #until<T>(what: string, condition: () => T | undefined): Promise<NonNullable<T>> {
    try {
      return (await until(what, condition, 60_000)) as NonNullable<T>;
    } catch (error) {
      const state = `${this.reports.map((each) => each.what)}\n${this.screen.text}\n${this.screen.plain}`;
      throw new Error(`${(error as Error).message}; the terminal shows:\n${state}`);
    }
  }

  /** What has ended shows nothing more. */
  #mustRun(): void {
    const last = this.reports.at(-1)?.what ?? 'stopped';
    if (last !== 'stopped') throw new Error(`it has ended: ${last}`);
  }

  #reported(line: string): void {
    const [what = '', ...rest] = line.split(' ');
    if (what === 'pid') this.pid = Number(rest[0]);
    else if (what === 'stopped') this.reports.push({ what, modes: rest[0] ?? '' });
    else this.reports.push({ what: `${what} ${rest[0]}`, modes: rest[1] ?? '' });
  }

  #command(command: object): void {
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
  }
}
