import { useMemo, useState } from 'preact/hooks';
import type { TasksAnswer } from '../../../src/http/views';
import { Age } from '../parts/age';
import { useAnswer } from '../parts/use-answer';
import { agentPath } from '../state/route';
import { Stat } from './coherence';
import { TaskGraph } from './task-graph';
import { relativesOf } from './task-relatives';

const EVERY_MS = 15_000;

/** What is to be done, in what order, and what can be begun now. */
export function TasksView() {
  const { answer, error } = useAnswer<TasksAnswer>(
    '/api/tasks',
    (subject) => subject.startsWith('event.task'),
    EVERY_MS,
  );
  const [chosen, setChosen] = useState<string>();
  const [alone, setAlone] = useState(false);
  const shown = useMemo(() => shownOf(answer?.graph, alone ? chosen : undefined), [answer, alone, chosen]);
  if (answer === undefined) return <p class="empty">{error ?? 'Reading…'}</p>;
  const { at, graph, ready } = answer;
  if (graph.tasks.length === 0)
    return <p class="empty">No open tasks. Add some with “vigil tasks add”, or over vigil.rpc.tasks.add.</p>;
  const count = (...states: readonly string[]) =>
    graph.tasks.filter(({ state }) => states.includes(state)).length;
  const task = graph.tasks.find(({ id }) => id === chosen);
  return (
    <div class="page wide">
      <header class="agent-head">
        <h1>Tasks</h1>
        <span class="faint">
          figures from <Age at={at} />
        </span>
      </header>
      <section class="card">
        <dl class="stats">
          <Stat name="open" value={graph.tasks.length + graph.omitted} />
          <Stat name="ready" value={count('ready')} />
          <Stat name="being done" value={count('claimed', 'running')} />
          <Stat name="wait for others" value={count('pending')} />
          <Stat name="failed" value={count('failed')} bad={count('failed') > 0} />
          <Stat name="critical path" value={graph.criticalPath.length} />
        </dl>
      </section>
      <section class="card">
        <h2>What waits for what</h2>
        <p class="legend">
          <label>
            Find{' '}
            <input
              type="search"
              list="open-tasks"
              placeholder="id or title"
              onChange={({ currentTarget }) => setChosen(found(graph, currentTarget.value))}
            />
          </label>
          <datalist id="open-tasks">
            {graph.tasks.map(({ id, title }) => (
              <option key={id} value={id}>
                {title}
              </option>
            ))}
          </datalist>
          <label>
            <input
              type="checkbox"
              checked={alone}
              onChange={({ currentTarget }) => setAlone(currentTarget.checked)}
            />{' '}
            only the chosen task, what it waits for and what waits for it
          </label>
        </p>
        {shown !== undefined && <TaskGraph graph={shown} chosen={task?.id} choose={setChosen} />}
        {task !== undefined && (
          <p class="chosen-task">
            <strong>{task.title}</strong>{' '}
            <span class="faint">
              {task.id} · {task.state} · {task.priority} · waits for {near(graph, task.id, 1)} ·{' '}
              {near(graph, task.id, 0)} wait for it
            </span>{' '}
            <button type="button" onClick={() => setChosen(undefined)}>
              Clear
            </button>
          </p>
        )}
      </section>
      <section class="card">
        <h2>Ready, best first</h2>
        <table>
          <thead>
            <tr>
              <th>task</th>
              <th>priority</th>
              <th>last had by</th>
              <th class="number">score</th>
            </tr>
          </thead>
          <tbody>
            {ready.map(({ id, title, priority, agent, score }) => (
              <tr key={id}>
                <td>
                  {title} <span class="faint">{id}</span>
                </td>
                <td>{priority}</td>
                <td>{agent === undefined ? '–' : <a href={agentPath(agent)}>{agent}</a>}</td>
                <td class="number">{score.toFixed(2)}</td>
              </tr>
            ))}
            {ready.length === 0 && (
              <tr>
                <td colSpan={4}>Nothing can be begun now.</td>
              </tr>
            )}
          </tbody>
        </table>
      </section>
    </div>
  );
}

type Graph = TasksAnswer['graph'];

/** The graph, or of it what has to do with a task. */
function shownOf(graph: Graph | undefined, task: string | undefined): Graph | undefined {
  if (graph === undefined || task === undefined || !graph.tasks.some(({ id }) => id === task)) return graph;
  const near = relativesOf(graph.edges, task);
  return {
    ...graph,
    tasks: graph.tasks.filter(({ id }) => near.has(id)),
    edges: graph.edges.filter(([from, to]) => near.has(from) && near.has(to)),
    criticalPath: graph.criticalPath.filter((id) => near.has(id)),
  };
}

/** Tasks that it waits for (1), or that wait for it (0), directly. */
function near(graph: Graph, task: string, end: 0 | 1): number {
  return graph.edges.filter((edge) => edge[end] === task).length;
}

function found(graph: Graph, text: string): string | undefined {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return undefined;
  const byId = graph.tasks.find(({ id }) => id.toLowerCase() === wanted);
  return (byId ?? graph.tasks.find(({ title }) => title.toLowerCase().includes(wanted)))?.id;
}
