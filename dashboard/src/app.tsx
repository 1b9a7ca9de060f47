import { useEffect } from 'preact/hooks';
import { helpShown, KEYS, onKeys } from './keys';
import { Age } from './parts/age';
import { Dialog } from './parts/dialog';
import { now } from './state/clock';
import { counts, freshAt } from './state/fleet';
import { connection } from './state/live';
import { said } from './state/notices';
import { go, route, type View } from './state/route';
import { theme, toggleTheme } from './state/theme';
import { AgentView } from './views/agent';
import { CoherenceView } from './views/coherence';
import { FleetView } from './views/fleet';
import { SystemView } from './views/system';
import { TasksView } from './views/tasks';

const VIEWS: readonly (readonly [Exclude<View, 'agent'>, string, string])[] = [
  ['fleet', '#/', 'Fleet'],
  ['coherence', '#/coherence', 'Coherence'],
  ['tasks', '#/tasks', 'Tasks'],
  ['system', '#/system', 'System'],
];

export function App() {
  useEffect(
    () =>
      onKeys({
        ...Object.fromEntries(VIEWS.map(([, path], i) => [`${i + 1}`, () => go(path)])),
        t: toggleTheme,
        '?': () => {
          helpShown.value = true;
        },
      }),
    [],
  );
  const you = counts.value.you;
  const { view, agent } = route.value;
  useEffect(() => {
    const place = view === 'agent' ? agent : (VIEWS.find(([name]) => name === view)?.[2] ?? 'Fleet');
    document.title = `${you > 0 ? `(${you}) ` : ''}${place} · Vigil`;
  }, [you, view, agent]);
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
        Skip to content
      </button>
      <header class="top">
        <a class="brand" href="#/" aria-label="Vigil, fleet">
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <path d="M3 16q13-15 26 0-13 15-26 0Z" />
            <circle cx="16" cy="16" r="5" />
          </svg>
          <span>Vigil</span>
        </a>
        <nav aria-label="Views">
          {VIEWS.map(([name, path, text]) => (
            <a
              key={name}
              href={path}
              aria-current={view === name || (view === 'agent' && name === 'fleet') ? 'page' : undefined}
            >
              {text}
              {name === 'fleet' && you > 0 && <span class="count">{you}</span>}
            </a>
          ))}
        </nav>
        <div class="tools">
          <Freshness />
          <button
            type="button"
            class="icon"
            onClick={toggleTheme}
            aria-label={theme.value === 'dark' ? 'Light colours' : 'Dark colours'}
          >
            {theme.value === 'dark' ? '☀' : '☾'}
          </button>
          <button
            type="button"
            class="icon"
            aria-label="Keys"
            onClick={() => {
              helpShown.value = true;
            }}
          >
            ?
          </button>
        </div>
      </header>
      <Disconnected />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard */}
      <main id="main" tabIndex={0}>
        {view === 'fleet' && <FleetView />}
        {view === 'agent' && <AgentView key={agent} id={agent} />}
        {view === 'coherence' && <CoherenceView />}
        {view === 'tasks' && <TasksView />}
        {view === 'system' && <SystemView />}
      </main>
      <div class="said" role="status">
        {said.value.map(({ id, text, bad }) => (
          <p key={id} class={bad ? 'bad' : ''}>
            {text}
          </p>
        ))}
      </div>
      {helpShown.value && (
        <Dialog
          title="Keys"
          close={() => {
            helpShown.value = false;
          }}
        >
          <dl class="keys">
            {KEYS.map(({ key, does }) => (
              <div key={key}>
                <dt>
                  <kbd>{key}</kbd>
                </dt>
                <dd>{does}</dd>
              </div>
            ))}
          </dl>
        </Dialog>
      )}
    </>
  );
}

/** That the figures are of now, or how old they are. */
function Freshness() {
  const live = connection.value === 'live';
  return (
    <span class={`fresh ${connection.value}`}>
      <i aria-hidden="true" />
      {live ? 'live' : connection.value === 'connecting' ? 'connecting' : 'offline'}
    </span>
  );
}

function Disconnected() {
  const state = connection.value;
  if (state === 'live' || state === 'connecting') return null;
  void now.value;
  return (
    <p class="banner" role="alert">
      {state === 'locked' ? (
        <>Locked: open the address that “vigil start” printed, it holds the token.</>
      ) : (
        <>
          Disconnected.{' '}
          {freshAt.value > 0 && (
            <>
              Figures from <AgeHere at={freshAt.value} />.{' '}
            </>
          )}
          Trying again…
        </>
      )}
    </p>
  );
}

/** By this browser's clock: there is no other while we are cut off. */
function AgeHere({ at }: { at: number }) {
  void now.value;
  return <Age at={at + (now.value - Date.now())} />;
}
