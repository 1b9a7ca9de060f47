import fc from 'fast-check';
import { FollowedTasks } from '../../src/services/tasks/followed-tasks.js';
import type { Moment, Tell } from '../../src/services/tasks/task-queue.js';
import type { Standing } from '../../src/store/tasks/task-edits.js';
import { type Command, codeOf, command, equal, pick, place } from './queue-commands.js';
import type { ModelTask } from './queue-model.js';
import type { QueueUnderTest } from './queues.js';

type Act = (tasks: FollowedTasks, standing: Standing, moment: Moment, tell: Tell) => void;

/** One transaction on a task that follows somebody else's record. @returns `fine`, or the code of the error. */
function edit({ queue }: QueueUnderTest, id: string, act: Act): Promise<string> {
  const tasks = new FollowedTasks(queue);
  return codeOf(queue.change((moment, tell) => act(tasks, tasks.standing(id) as Standing, moment, tell)));
}

const finish = place.map((at) =>
  command('finish without a worker', async (model, real) => {
    const task = pick(
      model.all.filter(({ state }) => state !== 'done'),
      at,
    );
    if (task === undefined) return;
    const done = await edit(real, task.id, (tasks, standing, moment, tell) =>
      tasks.finish(task.id, standing, 'elsewhere', moment, tell),
    );
    equal(done, 'fine', `finish ${task.id}`);
    model.over(task);
    // The token of whoever holds it, or held it, is of no lease any longer.
    task.token = undefined;
    task.notBefore = undefined;
    task.state = 'done';
    model.ready();
  }),
);

const rewire = fc.tuple(place, fc.array(place, { maxLength: 3 })).map(([at, deps]) =>
  command('rewire', async (model, real) => {
    const task = pick(
      model.all.filter((each) => !model.isHeld(each)),
      at,
    );
    if (task === undefined) return;
    const wanted = [...new Set(deps.flatMap((dep) => pick(model.all, dep)?.id ?? []))];
    const before = task.dependsOn;
    task.dependsOn = wanted;
    const isCircle = task.state !== 'done' && model.hasCircle();
    const outcome = await edit(real, task.id, (tasks, standing, moment, tell) =>
      tasks.rewire(task.id, standing, wanted, moment, tell),
    );
    equal(outcome, isCircle ? 'CONFLICT' : 'fine', `rewire ${task.id} to ${wanted}`);
    if (isCircle) task.dependsOn = before;
    else blocked(task, model.open(task).length > 0);
    model.ready();
  }),
);

const reopen = place.map((at) =>
  command('reopen', async (model, real) => {
    const behind = (id: string) => model.all.filter(({ dependsOn }) => dependsOn.includes(id));
    const task = pick(
      model.all.filter(
        ({ id, state }) =>
          state === 'failed' ||
          state === 'cancelled' ||
          (state === 'done' && !behind(id).some((each) => model.isHeld(each))),
      ),
      at,
    );
    if (task === undefined) return;
    const { state } = task;
    task.state = 'pending';
    const isCircle = model.hasCircle();
    const outcome = await edit(real, task.id, (tasks, standing, moment, tell) =>
      tasks.reopen(task.id, standing, moment, tell),
    );
    equal(outcome, isCircle ? 'CONFLICT' : 'fine', `reopen ${task.id}`);
    if (isCircle) {
      task.state = state;
      return;
    }
    task.failures = 0;
    task.notBefore = undefined;
    if (state === 'done') for (const each of behind(task.id)) blocked(each, true);
    model.ready();
  }),
);

/** What waited for its next try waits for its dependencies. */
function blocked(task: ModelTask, isBlocked: boolean): void {
  if (!isBlocked) return;
  task.notBefore = undefined;
  if (task.state === 'ready') task.state = 'pending';
}

export const followedCommands: fc.Arbitrary<Command>[] = [finish, rewire, reopen];
