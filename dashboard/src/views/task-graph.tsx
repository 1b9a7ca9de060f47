import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { TasksAnswer } from '../../../src/http/views';
import { type Layout, type LayoutRequest, NODE } from './task-layout';
import workerUrl from './task-layout.worker?worker&url';
import { placeByLevels } from './task-levels';
import { relativesOf } from './task-relatives';

type Graph = TasksAnswer['graph'];

/** A graph that takes longer is drawn in plain columns. */
const MAX_LAYOUT_MS = 5_000;

/** Where the tasks stand; undefined while that is worked out. */
function useLayout(graph: Graph): Layout | undefined {
  const [placed, setPlaced] = useState<Layout>();
  // A task that comes into another state stays where it is.
  const request = useMemo<LayoutRequest>(
    () => ({ nodes: graph.tasks.map(({ id }) => id), edges: graph.edges }),
    [graph],
  );
  const key = JSON.stringify(request);
  useEffect(() => {
    const worker = new Worker(trusted(workerUrl), { type: 'module' });
    worker.addEventListener('message', ({ data }: MessageEvent<Layout>) => {
      clearTimeout(late);
      setPlaced(data);
      worker.terminate();
    });
    worker.postMessage(JSON.parse(key));
    const late = setTimeout(() => {
      worker.terminate();
      setPlaced(placeByLevels(JSON.parse(key) as LayoutRequest));
    }, MAX_LAYOUT_MS);
    return () => {
      clearTimeout(late);
      worker.terminate();
    };
  }, [key]);
  return placed;
}

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string };
}
let policy: ReturnType<TrustedTypes['createPolicy']> | undefined;

/** Chromium takes the address of a script only from such a policy; ours lets nothing but our own build through. */
function trusted(url: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  policy ??= trustedTypes?.createPolicy('vigil', {
    createScriptURL: (asked) => {
      if (new URL(asked, location.href).origin !== location.origin) throw new Error('not a script of ours');
      return asked;
    },
  });
  return policy?.createScriptURL(url) ?? url;
}

const TITLE_CHARS = 26;
/** Edges a task from which their lines step back behind the tasks. */
const DENSE = 1.5;
/** Smaller, and nobody could read it. */
const MIN_SCALE = 0.55;

export interface TaskGraphProps {
  readonly graph: Graph;
  readonly chosen: string | undefined;
  /** Undefined: none. */
  readonly choose: (task: string | undefined) => void;
}

/** A task that is chosen stands out with all that it waits for and that waits for it; the others fade. */
export function TaskGraph({ graph, chosen, choose }: TaskGraphProps) {
  const placed = useLayout(graph);
  const [scale, setScale] = useState(1);
  const frame = useRef<HTMLElement>(null);
  // As much as fits and can be read, from where the critical path begins.
  useLayoutEffect(() => {
    const element = frame.current;
    if (element === null || placed === undefined) return;
    const fitting = Math.max(MIN_SCALE, Math.min(1, element.clientWidth / placed.width));
    setScale(fitting);
    const start = placed.nodes.find(({ id }) => id === (chosen ?? graph.criticalPath[0]));
    const scrolled = requestAnimationFrame(() => {
      element.scrollLeft =
        (start?.x ?? 0) * fitting - (chosen === undefined ? NODE.width : element.clientWidth / 2);
      element.scrollTop = (start?.y ?? 0) * fitting - element.clientHeight / 2;
    });
    return () => cancelAnimationFrame(scrolled);
    // A path that changes does not move what a person looks at.
  }, [placed]);
  // One that was found by its name comes into view; one that was clicked stands there.
  useEffect(() => {
    const node = placed?.nodes.find(({ id }) => id === chosen);
    if (node === undefined || frame.current === null) return;
    bringIntoView(frame.current, node.x * scale, node.y * scale);
  }, [chosen]);
  const tasks = new Map(graph.tasks.map((task) => [task.id, task]));
  const relatives = useMemo(
    () => (chosen === undefined ? undefined : relativesOf(graph.edges, chosen)),
    [graph.edges, chosen],
  );
  const critical = new Set(graph.criticalPath);
  const steps = new Set(graph.criticalPath.slice(1).map((id, i) => `${graph.criticalPath[i]} ${id}`));
  if (placed === undefined) return <p class="faint">Drawing…</p>;
  return (
    <>
      <p class="legend">
        <span>
          <svg aria-hidden="true">
            <line class="edge critical" x1="0" y1="5" x2="26" y2="5" />
          </svg>
          critical path, {graph.criticalPath.length} tasks
        </span>
        <span class="zoom">
          <button type="button" aria-label="Smaller" onClick={() => setScale(Math.max(0.15, scale / 1.35))}>
            −
          </button>{' '}
          <button type="button" aria-label="Larger" onClick={() => setScale(Math.min(2, scale * 1.35))}>
            +
          </button>{' '}
          <button type="button" onClick={() => setScale(fitted(frame.current, placed))}>
            Fit
          </button>
        </span>
        {graph.omitted > 0 && <span class="faint">{graph.omitted} tasks more than are drawn</span>}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard */}
      <section ref={frame} class="graph" aria-label="Graph of tasks" tabIndex={0}>
        <svg
          class={graph.edges.length > DENSE * graph.tasks.length ? 'dense' : ''}
          viewBox={`0 0 ${placed.width} ${placed.height}`}
          width={placed.width * scale}
          height={placed.height * scale}
        >
          <title>Tasks and what waits for them</title>
          {placed.edges.map(({ from, to, points }) => (
            <polyline
              key={`${from} ${to}`}
              class={edgeClass(steps.has(`${from} ${to}`), relatives, from, to)}
              points={points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')}
            />
          ))}
          {placed.nodes.map(({ id, x, y }) => {
            const task = tasks.get(id);
            if (task === undefined) return null;
            const faded = relatives !== undefined && !relatives.has(id);
            const classes = `node ${task.state}${critical.has(id) ? ' critical' : ''}${faded ? ' faded' : ''}${id === chosen ? ' chosen' : ''}`;
            return (
              // biome-ignore lint/a11y/noStaticElementInteractions: the table below is the same by keyboard
              <g
                key={id}
                class={classes}
                transform={`translate(${x - NODE.width / 2} ${y - NODE.height / 2})`}
                onClick={() => choose(id === chosen ? undefined : id)}
              >
                <title>{`${task.title} (${id}): ${task.state}`}</title>
                <rect width={NODE.width} height={NODE.height} rx="7" />
                <text x="10" y="18">
                  {task.title.length > TITLE_CHARS ? `${task.title.slice(0, TITLE_CHARS - 1)}…` : task.title}
                </text>
                <text x="10" y="35" class="small">
                  {task.state} · {task.priority}
                </text>
              </g>
            );
          })}
        </svg>
      </section>
    </>
  );
}

function edgeClass(
  critical: boolean,
  relatives: ReadonlySet<string> | undefined,
  from: string,
  to: string,
): string {
  const own = relatives?.has(from) === true && relatives.has(to);
  return `edge${critical ? ' critical' : ''}${relatives === undefined ? '' : own ? ' related' : ' faded'}`;
}

/** All of it at once, however small. */
function fitted(frame: HTMLElement | null, { width, height }: Layout): number {
  if (frame === null) return 1;
  return Math.max(0.05, Math.min(1, frame.clientWidth / width, frame.clientHeight / height));
}

function bringIntoView(frame: HTMLElement, x: number, y: number): void {
  const { scrollLeft, scrollTop, clientWidth, clientHeight } = frame;
  const isSeen =
    x > scrollLeft && x < scrollLeft + clientWidth && y > scrollTop && y < scrollTop + clientHeight;
  if (!isSeen) frame.scrollTo({ left: x - clientWidth / 2, top: y - clientHeight / 2 });
}
