import { parseWith, VigilError } from '../../messages/errors.js';
import type { Endpoint, ReplyOf } from '../../messages/requests.js';
import { type Task, type TaskFailure, TaskSpec } from '../../messages/tasks.js';
import { visible } from '../../messages/visible.js';
import { type DrawingFormat, draw } from '../../tasks/drawing/draw.js';
import { EXIT } from '../exit-codes.js';
import type { SettingsOptions } from '../settings.js';
import { readTaskFile } from '../task-file.js';
import { explainLines, taskLines, taskTable } from '../task-table.js';
import { withClient } from '../with-client.js';

type Options = SettingsOptions & { readonly json?: boolean };

const TIMEOUT_MS = 30_000;
const PAGE = 500;
/** Tasks in one request. */
const AT_ONCE = 5_000;

export interface AddOptions extends Options {
  readonly file?: string;
  readonly id?: string;
  readonly description?: string;
  readonly phase?: string;
  readonly needs?: readonly string[];
  readonly priority?: string;
  readonly deadline?: string;
  readonly dependsOn?: readonly string[];
  readonly retries?: number;
  readonly payload?: string;
  readonly source?: string;
  readonly key?: string;
}

/** One task from the arguments, or those of a file. */
export async function add(title: string | undefined, options: AddOptions): Promise<number> {
  if ((title === undefined) === (options.file === undefined))
    throw new VigilError('BAD_REQUEST', 'name a title, or --file with tasks');
  const tasks = options.file === undefined ? [specOf(title, options)] : await readTaskFile(options.file);
  const done = { added: [] as string[], existing: [] as string[] };
  await withClient(options, async (client) => {
    for (let from = 0; from < tasks.length; from += AT_ONCE) {
      const part = { tasks: tasks.slice(from, from + AT_ONCE) };
      const { added, existing } = await client
        .request('tasks.add', part, TIMEOUT_MS)
        .catch((error: unknown) => {
          if (from > 0) console.error(`vigil: the first ${from} tasks were added`);
          throw error;
        });
      done.added.push(...added);
      done.existing.push(...existing);
    }
  });
  if (options.json === true) console.log(JSON.stringify(done));
  else for (const id of done.added) console.log(id);
  if (done.existing.length > 0) console.error(`${done.existing.length} were there already`);
  return EXIT.fine;
}

function specOf(title: string | undefined, options: AddOptions): TaskSpec {
  const spec = {
    title,
    id: options.id,
    description: options.description,
    phase: options.phase,
    capabilities: options.needs,
    priority: options.priority,
    deadline: options.deadline,
    dependsOn: options.dependsOn,
    maxRetries: options.retries,
    payload: options.payload === undefined ? undefined : jsonOf('--payload', options.payload),
    source: options.source,
    idempotencyKey: options.key,
  };
  return parseWith(TaskSpec, spec, 'task');
}

export interface ListOptions extends Options {
  readonly state?: string;
  readonly phase?: string;
  readonly agent?: string;
  readonly limit?: number;
}

export async function list(options: ListOptions): Promise<number> {
  const { state, phase, agent, limit = 100 } = options;
  const tasks: Task[] = [];
  const next = await withClient(options, async (client) => {
    let after: string | null | undefined;
    while (after !== null && tasks.length < limit) {
      const page: ReplyOf<'tasks.list'> = await client.request(
        'tasks.list',
        { state, phase, agent, after, limit: Math.min(PAGE, limit - tasks.length) },
        TIMEOUT_MS,
      );
      tasks.push(...page.tasks);
      after = page.next;
    }
    return after;
  });
  if (options.json === true) for (const task of tasks) console.log(JSON.stringify(task));
  else if (tasks.length > 0) console.log(taskTable(tasks));
  else console.error('no such task; "vigil tasks add" adds one');
  if (next != null) console.error(`there are more than ${limit}; --limit shows more`);
  return EXIT.fine;
}

export async function get(id: string, options: Options): Promise<number> {
  const task = await request(options, 'tasks.get', { id });
  if (options.json === true) console.log(JSON.stringify(task, null, 2));
  else for (const line of taskLines(task)) console.log(line);
  return EXIT.fine;
}

export interface ClaimOptions extends Options {
  readonly agent: string;
  readonly phase?: string;
  readonly can?: readonly string[];
  readonly limit?: number;
  readonly lease?: number;
  readonly key?: string;
}

export async function claim(options: ClaimOptions): Promise<number> {
  const { agent, phase, can, limit, lease, key } = options;
  const { tasks } = await request(options, 'tasks.claim', {
    agent,
    phase,
    capabilities: can,
    limit,
    leaseMs: millis(lease),
    idempotencyKey: key,
  });
  for (const task of tasks)
    console.log(
      options.json === true ? JSON.stringify(task) : `${task.id} ${task.token} ${visible(task.title)}`,
    );
  if (tasks.length > 0) return EXIT.fine;
  console.error('nothing to claim');
  return EXIT.notFound;
}

export interface HeldOptions extends Options {
  readonly token: number;
  readonly lease?: number;
  readonly result?: string;
  readonly reason?: string;
  readonly retry?: boolean;
  readonly backoff?: number;
}

export async function start(id: string, options: HeldOptions): Promise<number> {
  const { token, lease } = options;
  const { leaseMs } = await request(options, 'tasks.start', { id, token, leaseMs: millis(lease) });
  return said(options, { id, leaseMs }, `${id} is running; yours for ${leaseMs / 1_000} s`);
}

export async function heartbeat(id: string, options: HeldOptions): Promise<number> {
  const { token, lease } = options;
  const { failures } = await request(options, 'tasks.heartbeat', {
    tasks: [{ id, token }],
    leaseMs: millis(lease),
  });
  return report(options, failures.length === 0 ? [id] : [], failures, 'is still yours');
}

export async function complete(id: string, options: HeldOptions): Promise<number> {
  const { token, result } = options;
  const done = await request(options, 'tasks.complete', {
    id,
    token,
    result: result === undefined ? undefined : jsonOf('--result', result),
  });
  const ready = done.ready.length === 0 ? '' : `; ready now: ${done.ready.join(', ')}`;
  return said(options, done, `${id} is done${ready}`);
}

export async function fail(id: string, options: HeldOptions): Promise<number> {
  const { token, reason, retry = true, backoff } = options;
  const done = await request(options, 'tasks.fail', { id, token, reason, retry, backoffMs: millis(backoff) });
  const wait = done.retryInMs === undefined ? '' : `; tried again in ${Math.ceil(done.retryInMs / 1_000)} s`;
  return said(options, done, `${id} is ${done.state}${wait}`);
}

export async function release(id: string, options: HeldOptions): Promise<number> {
  const done = await request(options, 'tasks.release', { id, token: options.token });
  return said(options, done, `${id} is ready for others`);
}

export async function cancel(
  ids: readonly string[],
  options: Options & { readonly dependants?: boolean; readonly reason?: string },
): Promise<number> {
  const { dependants, reason } = options;
  const done = await request(options, 'tasks.cancel', { ids, dependants, reason });
  return report(options, done.changed, done.failures, 'is cancelled');
}

export async function retry(ids: readonly string[], options: Options): Promise<number> {
  const done = await request(options, 'tasks.retry', { ids });
  return report(options, done.changed, done.failures, 'is open again');
}

export async function reprioritise(
  ids: readonly string[],
  options: Options & { readonly priority?: string; readonly deadline?: string | false },
): Promise<number> {
  const { priority, deadline } = options;
  const done = await request(options, 'tasks.reprioritise', {
    ids,
    priority,
    deadline: deadline === false ? null : deadline,
  });
  return report(options, done.changed, done.failures, 'is changed');
}

export async function explain(id: string, options: Options): Promise<number> {
  const explained = await request(options, 'tasks.explain', { id });
  if (options.json === true) console.log(JSON.stringify(explained, null, 2));
  else for (const line of explainLines(explained)) console.log(line);
  return EXIT.fine;
}

export interface GraphOptions extends SettingsOptions {
  readonly format: DrawingFormat;
  readonly phase?: string;
  readonly around?: string;
  readonly finished?: boolean;
  readonly limit?: number;
}

export async function graph(options: GraphOptions): Promise<number> {
  const { format, phase, around, finished, limit } = options;
  const drawing = await request(options, 'tasks.graph', { phase, around, finished, limit });
  console.log(draw(format, drawing));
  if (drawing.omitted > 0) console.error(`${drawing.omitted} tasks are left out; --limit shows more`);
  return EXIT.fine;
}

function said(options: Options, value: object, text: string): number {
  console.log(options.json === true ? JSON.stringify(value) : text);
  return EXIT.fine;
}

function report(
  options: Options,
  changed: readonly string[],
  failures: readonly TaskFailure[],
  what: string,
): number {
  if (options.json === true) console.log(JSON.stringify({ changed, failures }));
  else for (const id of changed) console.log(`${id} ${what}`);
  for (const { message } of failures) console.error(`vigil: ${visible(message)}`);
  if (failures.length === 0) return EXIT.fine;
  const isUnknown = changed.length === 0 && failures.every(({ code }) => code === 'NOT_FOUND');
  return isUnknown ? EXIT.notFound : EXIT.failure;
}

function millis(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.round(seconds * 1_000);
}

function jsonOf(flag: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new VigilError('BAD_REQUEST', `${flag}: expected JSON, got ${JSON.stringify(text.slice(0, 40))}`);
  }
}

function request<E extends Endpoint>(
  options: SettingsOptions,
  endpoint: E,
  body: object,
): Promise<ReplyOf<E>> {
  return withClient(options, (client) => client.request(endpoint, body, TIMEOUT_MS));
}
