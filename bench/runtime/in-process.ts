import { Cell } from '../../src/actors/runtime/cell.js';
import { systemClock } from '../../src/actors/runtime/clock.js';
import { peer } from '../peers.js';
import { type Row, row } from '../report.js';
import { echo } from './echo.js';

/** What the bench uses of nact 7. */
interface Nact {
  start(): unknown;
  spawn(parent: unknown, behaviour: (state: unknown, message: never) => unknown, name?: string): unknown;
  dispatch(actor: unknown, message: unknown): void;
  query(actor: unknown, message: (sender: unknown) => unknown, timeout: number): Promise<unknown>;
  stop(actor: unknown): void;
}

const MESSAGES = 100_000;
const IN_FLIGHT = 100;
const TARGET = 1;

/** The actor itself, without a broker: asks a second against nact, an in-process actor library. */
export async function inProcessRows(): Promise<Row[]> {
  const own = [await vigilAsks(), await vigilAsks(), await vigilAsks()];
  const theirs = [await nactAsks(), await nactAsks(), await nactAsks()];
  const best = Math.max(...own);
  const peerBest = Math.max(...theirs);
  return [
    row(
      'asks a second in one process vs nact',
      best / peerBest,
      TARGET,
      'above',
      `${Math.round(best)}/s, nact ${Math.round(peerBest)}/s`,
    ),
  ];
}

async function rate(ask: (n: number) => Promise<unknown>): Promise<number> {
  let next = 0;
  const worker = async () => {
    while (next < MESSAGES) await ask(next++);
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  return (MESSAGES / (performance.now() - startedAt)) * 1_000;
}

async function vigilAsks(): Promise<number> {
  const cell = new Cell(echo, 'a', { mailbox: 1_000, clock: systemClock });
  await cell.start((error) => console.error(error));
  const result = await rate(
    (n) =>
      new Promise((resolve, reject) => cell.deliver('ping', { n }, { ok: resolve, fail: reject }, 10_000)),
  );
  await cell.stop(0);
  return result;
}

async function nactAsks(): Promise<number> {
  const { start, spawn, query, dispatch, stop } = peer<Nact>('nact');
  const system = start();
  const actor = spawn(system, (_state, message: { n: number; sender: unknown }) =>
    dispatch(message.sender, { n: message.n }),
  );
  const result = await rate((n) => query(actor, (sender) => ({ n, sender }), 10_000));
  stop(system);
  return result;
}
