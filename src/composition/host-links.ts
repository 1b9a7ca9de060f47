import type { Review } from '../actors/agent.js';
import type { Checkpoints } from '../actors/agent-checkpoint.js';
import { LogFollower } from '../actors/log-follower.js';
import type { Bus } from '../actors/runtime/bus.js';
import type { ActorSystem } from '../actors/runtime/system.js';
import type { Logger } from '../log.js';
import { CHECKPOINT_PROTOCOL } from '../messages/checkpoints.js';
import { parseWith } from '../messages/errors.js';
import { LLM_PROTOCOL } from '../messages/llm.js';
import type { Subjects } from '../messages/subjects.js';
import { type Complete, judgeByModel } from '../model/llm-judge.js';
import type { HostOptions } from '../settings/host-options.js';
import { VERSION } from '../version.js';

/** What a host asks of the supervisor's services: they have the record and the way to the model, it has neither. */

/** How long a checkpoint is waited for; without it the logs are read from their start. */
const CHECKPOINT_MS = 5_000;

/** Checkpoints by way of the supervisor, which has the record. */
export function checkpointsOver(
  bus: Bus,
  subjects: Subjects,
  options: HostOptions,
  log: Logger,
): Checkpoints | undefined {
  const { checkpointBytes } = options.logs;
  if (checkpointBytes === 0) return undefined;
  const subject = subjects.actor('checkpoints', 'main');
  const { load, save } = CHECKPOINT_PROTOCOL;
  const wait = { timeoutMs: CHECKPOINT_MS };
  return {
    version: VERSION,
    everyBytes: checkpointBytes,
    load: async (agent, key) => {
      const { body } = await bus.ask(subject, 'load', { agent, key }, wait);
      return parseWith(load.reply, body, 'checkpoint').data ?? undefined;
    },
    save: async (agent, key, events, data) => {
      const { body } = await bus.ask(subject, 'save', { agent, key, events, data }, wait);
      parseWith(save.reply, body, 'checkpoint');
    },
    failed: (agent, error) =>
      log.warn({ agent, err: error }, 'no checkpoint; its logs are read from their start'),
  };
}

/** How long an actor may take to read what is new; a first reading of a large log may take longer, and goes on. */
const GLANCE_MS = 30_000;
const TELL_MS = 5_000;

/** Follows the logs of the agents that are placed here; undefined where the settings say not to. */
export function logFollower(
  system: ActorSystem,
  bus: Bus,
  subjects: Subjects,
  { logs: { followMs } }: HostOptions,
  log: Logger,
): LogFollower | undefined {
  if (followMs === 0) return undefined;
  return new LogFollower({
    everyMs: followMs,
    cwd: process.cwd(),
    glance: (agent, epoch) => system.askHere({ kind: 'agent', id: agent, epoch }, 'glance', {}, GLANCE_MS),
    tell: async (agent, epoch, sign) => {
      await bus.ask(subjects.actor('signs', 'main'), 'sign', { agent, epoch, sign }, { timeoutMs: TELL_MS });
    },
    failed: (agent, error) =>
      log.warn({ agent, err: error }, 'its log cannot be followed between two cycles'),
  });
}

/** By the model, where the settings say so. */
export function reviewBySettings({ judge }: HostOptions, bus: Bus, subjects: Subjects): Review | undefined {
  if (judge.kind === 'rules') return undefined;
  const subject = subjects.actor('llm', 'main');
  const complete: Complete = async (request, signal) => {
    const { body } = await bus.ask(subject, 'complete', request, { timeoutMs: judge.waitMs, signal });
    return parseWith(LLM_PROTOCOL.complete.reply, body, 'completion');
  };
  return (rules, recent, signal) => judgeByModel(rules, recent, judge, complete, signal);
}
