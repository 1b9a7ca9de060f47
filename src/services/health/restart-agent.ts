import type { CommandStart } from '../../actors/restart-command.js';
import type { HeartbeatBook, Pulse } from '../../health/heartbeat-book.js';
import type { Control, Heartbeat } from '../../messages/agent-wire.js';
import type { AgentSpec, RestartCommand } from '../../messages/agents.js';
import { type ErrorCode, toFailure, VigilError } from '../../messages/errors.js';
import type { RestartOutcome } from '../../messages/health.js';

export interface RestartParts {
  readonly book: HeartbeatBook;
  /** Longest wait for the first heartbeat afterwards. */
  readonly upMs: number;
  control(agent: string, control: Control): Promise<unknown>;
  /** Runs its restart command where the agent lives. */
  command(agent: AgentSpec, restart: RestartCommand): Promise<CommandStart>;
  /** The tasks that it holds go back to the queue, fenced. @returns how many. */
  releaseTasks(agent: string): Promise<number>;
  /** The broker answers. */
  reachable(): Promise<boolean>;
  /** Resolves at the agent's next heartbeat; undefined after `ms`. */
  nextBeat(agent: string, ms: number): Promise<Pulse | undefined>;
  /** Aborts when nothing more is waited for. */
  readonly closing: AbortSignal;
  /** Nobody listens for it. */
  gone(agent: string): void;
}

export interface Restarted {
  readonly outcome: RestartOutcome;
  readonly way: 'control' | 'command' | 'none';
  readonly tasksReleased: number;
  readonly code?: ErrorCode;
  readonly message?: string;
}

/**
 * Restarts one agent: tells its runner to, and where nobody answers, runs its restart command; then waits until it is up
 * again by its own heartbeat. Never rejects: whatever went wrong is its outcome.
 */
export async function restartAgent(spec: AgentSpec, parts: RestartParts): Promise<Restarted> {
  const pulse = parts.book.get(spec.id);
  const before = pulse?.beat;
  if (pulse !== undefined) pulse.restarting = true;
  let tasksReleased = 0;
  const release = async () => {
    tasksReleased = await parts.releaseTasks(spec.id);
  };
  try {
    const way = await begin(spec, before?.instance, release, parts);
    const confirmed =
      before === undefined && way === 'control' ? ACKNOWLEDGED : await confirm(spec, way, before, parts);
    return { way, tasksReleased, ...confirmed };
  } catch (error) {
    const { code, message } = toFailure(error);
    return { outcome: code === 'TIMEOUT' ? 'timeout' : 'failed', way: 'none', tasksReleased, code, message };
  } finally {
    const now = parts.book.get(spec.id);
    if (now !== undefined) now.restarting = false;
  }
}

/** @param release is called when the old one is as good as gone, and before the new one may claim anything. */
async function begin(
  spec: AgentSpec,
  instance: string | undefined,
  release: () => Promise<void>,
  parts: RestartParts,
): Promise<'control' | 'command'> {
  try {
    await parts.control(spec.id, { action: 'restart', ...(instance === undefined ? {} : { instance }) });
    await release();
    return 'control';
  } catch (error) {
    const silent = error instanceof VigilError && (error.code === 'UNAVAILABLE' || error.code === 'TIMEOUT');
    if (!silent) throw error;
    if (error.code === 'UNAVAILABLE') parts.gone(spec.id);
    // Whether it is the agent that is silent, or the way to it.
    if (!(await parts.reachable())) throw new VigilError('BROKER', 'the broker does not answer');
    if (spec.restart === undefined)
      throw new VigilError(
        error.code,
        `${error.message}; start it again, or give it a restart command in the settings (agents: [{id: ${spec.id}, restart: {command: [...]}}])`,
        { cause: error },
      );
    await release();
    const { exitCode, output } = await parts.command(spec, spec.restart);
    if (exitCode !== null && exitCode !== 0)
      throw new VigilError(
        'CRASHED',
        `its restart command ended with code ${exitCode}: ${output || 'no output'}`,
      );
    return 'command';
  }
}

type Confirmed = Pick<Restarted, 'outcome' | 'code' | 'message'>;
const ACKNOWLEDGED: Confirmed = { outcome: 'acknowledged' };

async function confirm(
  spec: AgentSpec,
  way: 'control' | 'command',
  before: Heartbeat | undefined,
  { book, nextBeat, upMs, closing }: RestartParts,
): Promise<Confirmed> {
  const endsAt = performance.now() + upMs;
  let pulse = book.get(spec.id);
  for (;;) {
    if (pulse !== undefined && isUp(spec, pulse, before)) return { outcome: 'restarted' };
    const left = endsAt - performance.now();
    if (left <= 0 || closing.aborted) break;
    pulse = await nextBeat(spec.id, left);
  }
  // It has no heartbeat: nothing more can be told.
  if (before === undefined) return ACKNOWLEDGED;
  const since = way === 'control' ? 'it was told' : 'its command was run';
  const message = closing.aborted
    ? `the supervisor stopped before a heartbeat came after ${since}`
    : `no heartbeat within ${upMs} ms after ${since}`;
  return { outcome: 'timeout', code: 'TIMEOUT', message };
}

/** By another instance, or a higher count of restarts; of a program that is not ours, by any new heartbeat. */
function isUp(spec: AgentSpec, { beat }: Pulse, before: Heartbeat | undefined): boolean {
  if (beat.state !== 'starting' && beat.state !== 'running') return false;
  if (before === undefined) return true;
  if (beat.instance !== before.instance || beat.restarts > before.restarts) return true;
  return spec.managed !== true && beat.seq > before.seq;
}
