import type { Heartbeat } from '../../messages/agent-wire.js';
import type { AgentFailure } from '../../messages/health.js';
import { visible } from '../../messages/visible.js';
import { redactSecrets } from '../../model/redact.js';

/** How a program that failed is told of to people: its last words, without secrets, and what to do next. */
export function failureOf(agent: string, beat: Heartbeat): AgentFailure | undefined {
  const { state, exitCode, ended, lastWords = [] } = beat;
  const failed = exitCode !== undefined && exitCode !== 0 && ended !== 'stopped' && ended !== 'finished';
  if (!failed || (state !== 'exited' && state !== 'restarting')) return undefined;
  return {
    exitCode,
    lines: lastWords.map((line) => visible(redactSecrets(line))),
    next: nextStep(agent, exitCode),
  };
}

/** By the exit codes of shells: 128 and the number of a signal. */
function nextStep(agent: string, exitCode: number): string {
  const again = `then start it anew: vigil agents restart ${agent}`;
  if (exitCode === 127) return `a program was not found: look at the command and at PATH, ${again}`;
  if (exitCode === 126) return `a program may not be run: look at its rights, ${again}`;
  if (exitCode === 137) return `it was killed, maybe for want of memory (dmesg, journalctl -k), ${again}`;
  if (exitCode === 139) return `it crashed (segmentation fault), ${again}`;
  return `vigil logs ${agent} --last 100 shows what led to it; ${again}`;
}
