import Table from 'cli-table3';
import type { ReplyOf } from '../messages/requests.js';
import type { Task, TaskState } from '../messages/tasks.js';
import { visible } from '../messages/visible.js';
import { cut, NO_BORDERS } from './render.js';
import { pc, terminalWidth } from './terminal.js';

const COLOURS: Readonly<Record<TaskState, (text: string) => string>> = {
  pending: pc.dim,
  ready: pc.cyan,
  claimed: pc.yellow,
  running: pc.green,
  done: pc.dim,
  failed: pc.red,
  cancelled: pc.dim,
};
const ID_WIDTH = 28;
const AGENT_WIDTH = 20;
const PHASE_WIDTH = 12;
/** All columns but the title, with the space between them. */
const FIXED = ID_WIDTH + 10 + 9 + 6 + 6 + AGENT_WIDTH + PHASE_WIDTH + 7 * 2;

export function taskTable(tasks: readonly Task[], width = terminalWidth()): string {
  const table = new Table({
    head: ['TASK', 'STATE', 'PRIORITY', 'SCORE', 'WAITS', 'AGENT', 'PHASE', 'TITLE'],
    chars: NO_BORDERS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  const titleWidth = Math.max(16, width - FIXED);
  for (const task of tasks)
    table.push([
      cut(task.id, ID_WIDTH),
      COLOURS[task.state](task.state),
      task.priority,
      task.score.toFixed(2),
      task.openDependencies === 0 ? '-' : String(task.openDependencies),
      cut(holderOf(task), AGENT_WIDTH),
      cut(task.phase ?? '-', PHASE_WIDTH),
      cut(task.title, titleWidth),
    ]);
  return table.toString();
}

/** Who has it or has done it. The record keeps who had it last when a lease ran out, too: that one works at it no more. */
function holderOf({ state, agent }: Task): string {
  const isOpen = state === 'pending' || state === 'ready';
  return (isOpen ? undefined : agent) ?? '-';
}

/** One task in full: a line for each thing that is known of it. */
export function taskLines(task: Task): string[] {
  const lines: [string, string | undefined][] = [
    ['task', task.id],
    ['title', task.title],
    ['state', `${task.state} since ${task.updatedAt}`],
    ['priority', `${task.priority}, score ${task.score.toFixed(3)}`],
    ['deadline', task.deadline],
    ['phase', task.phase],
    ['needs', task.capabilities.length === 0 ? undefined : task.capabilities.join(', ')],
    ['waits for', task.openDependencies === 0 ? undefined : `${task.openDependencies} tasks`],
    ['agent', task.agent],
    ['attempts', `${task.attempts}, of which ${task.failures} failed; ${task.maxRetries} retries`],
    ['error', task.error],
    ['source', task.source],
    ['created', task.createdAt],
    ['finished', task.finishedAt],
    ['text', task.description],
    ['payload', task.payload === undefined ? undefined : JSON.stringify(task.payload)],
    ['result', task.result === undefined ? undefined : JSON.stringify(task.result)],
  ];
  return lines.flatMap(([name, value]) =>
    value === undefined ? [] : [`${name.padEnd(11)}${visible(value)}`],
  );
}

/** The terms of a score, and what stands before and behind the task. */
export function explainLines(explained: ReplyOf<'tasks.explain'>): string[] {
  const { task, score, terms, notes, waitsFor, unblocks } = explained;
  return [
    `${task.id} ${task.state}: score ${score.toFixed(3)}`,
    ...terms.map(
      ({ name, weight, value, contribution, why }) =>
        `  ${name.padEnd(10)}${contribution.toFixed(3)} = ${weight} x ${value.toFixed(2)}  ${visible(why)}`,
    ),
    ...notes.map((note) => `  ${note}`),
    ...(waitsFor.length === 0
      ? []
      : [`waits for ${waitsFor.map(({ id, state }) => `${id} (${state})`).join(', ')}`]),
    `${unblocks} unfinished tasks wait for it, directly or not`,
  ];
}
