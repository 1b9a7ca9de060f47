import { writeSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { VigilError } from '../../messages/errors.js';
import { type Key, KeyDecoder } from './keys.js';
import type { Size } from './view.js';

const ESC = '\u001b';
/** Another screen, no cursor, lines that end at the edge, pasted text told from typed. */
const ENTER = `${ESC}[?1049h${ESC}[?25l${ESC}[?7l${ESC}[?2004h`;
const LEAVE = `${ESC}[0m${ESC}[?2004l${ESC}[?7h${ESC}[?25h${ESC}[?1049l`;
/** Longest time between the bytes of one key: behind it, Escape alone is the key. */
const KEY_MS = 40;
/** How long it may take to be stopped, where somebody stops us at all. */
const STOP_MS = 200;
const DEFAULT_SIZE: Size = { columns: 80, rows: 24 };

export interface TerminalEvents {
  key(key: Key): void;
  /** All of it has to be drawn: the size is another one, or something else was on the screen. */
  redraw(): void;
  /** Somebody asks us to end, or the terminal is gone. */
  end(signal: NodeJS.Signals): void;
}

/** @throws VigilError BAD_REQUEST where a table that moves cannot be shown. */
export function checkTerminal(env: NodeJS.ProcessEnv): void {
  const instead = 'use "vigil ls", or "vigil ls --json" in scripts';
  if (!process.stdin.isTTY || !process.stdout.isTTY)
    throw new VigilError('BAD_REQUEST', `top: standard input and output have to be a terminal; ${instead}`);
  if (env['TERM'] === 'dumb' || env['TERM'] === undefined || env['TERM'] === '')
    throw new VigilError(
      'BAD_REQUEST',
      `top: this terminal cannot move its cursor (TERM is ${env['TERM'] || 'not set'}); ${instead}`,
    );
}

/** The terminal that we run in, taken over whole, and given back as it was on every way out. */
export class Terminal {
  readonly #events: TerminalEvents;
  readonly #decoder = new StringDecoder('utf8');
  readonly #undo: (() => void)[] = [];
  #isTaken = false;
  readonly #keys = new KeyDecoder();
  #escapeTimer: NodeJS.Timeout | undefined;
  #stopTimer: NodeJS.Timeout | undefined;
  readonly #stopAsked = () => this.suspend();
  #isGone = false;

  constructor(events: TerminalEvents) {
    this.#events = events;
  }

  get size(): Size {
    const { columns, rows } = process.stdout;
    return { columns: columns || DEFAULT_SIZE.columns, rows: rows || DEFAULT_SIZE.rows };
  }

  open(): void {
    // Also when it crashes: before the error is printed, which belongs on the screen that stays.
    this.#on(process, 'exit', () => this.#giveBack());
    this.#on(process, 'uncaughtExceptionMonitor', () => this.#giveBack());
    for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const)
      this.#on(process, signal, () => this.#events.end(signal));
    this.#on(process, 'SIGCONT', () => this.#resume());
    process.on('SIGTSTP', this.#stopAsked);
    this.#on(process.stdout, 'resize', () => this.#events.redraw());
    // A terminal that was closed under us.
    this.#on(process.stdout, 'error', () => this.#gone());
    this.#on(process.stdin, 'error', () => this.#gone());
    this.#on(process.stdin, 'end', () => this.#gone());
    this.#on(process.stdin, 'data', (bytes: Buffer) => this.#typed(bytes));
    this.#take();
    process.stdin.resume();
  }

  write(text: string): void {
    if (this.#isTaken) process.stdout.write(text);
  }

  /** Gives the terminal to the shell until we are continued. */
  suspend(): void {
    if (!this.#isTaken) return;
    this.#giveBack();
    process.off('SIGTSTP', this.#stopAsked);
    // The whole job, as the terminal's own key would: a shell waits for what started us, too.
    process.kill(0, 'SIGTSTP');
    // Where no shell takes care of jobs nobody stops us: then we go on.
    this.#stopTimer = setTimeout(() => this.#resume(), STOP_MS);
  }

  /** @returns whether the terminal was gone: then there was nothing to give back. */
  close(): boolean {
    clearTimeout(this.#escapeTimer);
    clearTimeout(this.#stopTimer);
    this.#giveBack();
    for (const undo of this.#undo.splice(0)) undo();
    process.off('SIGTSTP', this.#stopAsked);
    process.stdin.pause();
    return this.#isGone;
  }

  #resume(): void {
    clearTimeout(this.#stopTimer);
    process.off('SIGTSTP', this.#stopAsked).on('SIGTSTP', this.#stopAsked);
    // Whoever had it meanwhile may have set it otherwise.
    if (this.#isTaken) process.stdin.setRawMode(false);
    this.#take();
    this.#events.redraw();
  }

  #take(): void {
    this.#isTaken = true;
    try {
      process.stdin.setRawMode(true);
      process.stdout.write(ENTER);
    } catch {
      this.#gone();
    }
  }

  #giveBack(): void {
    if (!this.#isTaken) return;
    this.#isTaken = false;
    try {
      process.stdin.setRawMode(false);
      // At once: nothing is waited for when a process ends.
      writeSync(process.stdout.fd, LEAVE);
    } catch {
      this.#isGone = true;
    }
  }

  #gone(): void {
    this.#isGone = true;
    this.#events.end('SIGHUP');
  }

  #typed(bytes: Buffer): void {
    clearTimeout(this.#escapeTimer);
    for (const key of this.#keys.take(this.#decoder.write(bytes))) this.#events.key(key);
    if (!this.#keys.mayBeEscape) return;
    this.#escapeTimer = setTimeout(() => {
      for (const key of this.#keys.late()) this.#events.key(key);
    }, KEY_MS);
  }

  #on(emitter: NodeJS.EventEmitter, name: string, listener: (...args: never[]) => void): void {
    const given = listener as (...args: unknown[]) => void;
    emitter.on(name, given);
    this.#undo.push(() => emitter.off(name, given));
  }
}
