import { useEffect, useRef, useState } from 'preact/hooks';
import { costText, tokensText } from '../../../src/cost/spend-text';
import type { Group } from '../../../src/health/urgency';
import { onKeys } from '../keys';
import { Age } from '../parts/age';
import { Sparkline } from '../parts/sparkline';
import { StatusBadge } from '../parts/status-badge';
import { VirtualList } from '../parts/virtual-list';
import { call } from '../state/api';
import { counts, group, isLoaded, pending, type Row, search, shown } from '../state/fleet';
import { attempt } from '../state/notices';
import { agentPath, go } from '../state/route';
import { Decision } from './decision';

const GROUPS: readonly (readonly [Group | 'all', string])[] = [
  ['all', 'All'],
  ['you', 'Needs you'],
  ['trouble', 'In trouble'],
  ['running', 'Running'],
  ['quiet', 'Idle, unknown'],
  ['finished', 'Finished'],
];
const NARROW = matchMedia('(max-width: 720px)');
const MAX_DECISIONS = 3;

/** Who needs a person, first. */
export function FleetView() {
  const rows = shown.value;
  const [selected, setSelected] = useState<string>();
  const field = useRef<HTMLInputElement>(null);
  const at = rows.findIndex(({ id }) => id === selected);
  const present = useRef({ rows, at });
  present.current = { rows, at };
  useEffect(() => {
    const move = (by: number) => {
      const { rows, at } = present.current;
      const next = rows[Math.min(rows.length - 1, Math.max(0, at + by))];
      if (next !== undefined) setSelected(next.id);
    };
    return onKeys({
      j: () => move(1),
      k: () => move(-1),
      ArrowDown: () => move(1),
      ArrowUp: () => move(-1),
      Enter: () => {
        const row = present.current.rows[present.current.at];
        if (row !== undefined) go(agentPath(row.id));
      },
      '/': () => field.current?.focus(),
      Escape: () => {
        search.value = '';
        field.current?.blur();
        setSelected(undefined);
      },
    });
  }, []);
  const narrow = useNarrow();
  return (
    <div class="fleet">
      <h1 class="hidden">Fleet</h1>
      <div class="bar">
        <fieldset class="tabs">
          <legend class="hidden">Show</legend>
          {GROUPS.map(([name, text]) => (
            <button
              key={name}
              type="button"
              class={`tab ${name}`}
              aria-pressed={group.value === name}
              onClick={() => {
                group.value = name;
              }}
            >
              <b>{counts.value[name]}</b> {text}
            </button>
          ))}
        </fieldset>
        <input
          ref={field}
          type="search"
          placeholder="Search   /"
          aria-label="Search agents"
          value={search.value}
          onInput={({ currentTarget }) => {
            search.value = currentTarget.value;
          }}
        />
        <button type="button" onClick={analyseAll}>
          Analyse all
        </button>
      </div>
      {pending.value.length > 0 && (
        <section class="decisions" aria-label="Waits for your decision">
          {pending.value.slice(0, MAX_DECISIONS).map((each) => (
            <Decision key={each.id} intervention={each} named />
          ))}
          {pending.value.length > MAX_DECISIONS && (
            <p class="faint">and {pending.value.length - MAX_DECISIONS} more, on the pages of their agents</p>
          )}
        </section>
      )}
      {rows.length === 0 ? (
        <p class="empty">{emptyText()}</p>
      ) : (
        <>
          <Columns />
          <VirtualList
            label={`${rows.length} agents`}
            items={rows}
            rowHeight={narrow ? 92 : 60}
            keyOf={({ id }) => id}
            reveal={at}
            render={(row) => <AgentRow row={row} selected={row.id === selected} />}
          />
        </>
      )}
    </div>
  );
}

/** What stands in which column; each cell says it by itself where that is not plain. */
function Columns() {
  return (
    <div class="columns" aria-hidden="true">
      <span>agent and goal</span>
      <span>status, since, by</span>
      <span>what it does</span>
      <span class="aligned">alignment</span>
      <span class="used">tokens</span>
      <span>judged</span>
    </div>
  );
}

function AgentRow({ row, selected }: { row: Row; selected: boolean }) {
  const { id, goal, summary, status, lastAnalysis, trend, host, paused, escalated, decisions, place, spend } =
    row;
  const bad = lastAnalysis?.needsSteering === true;
  return (
    <a class={`row group-${row.group}${selected ? ' selected' : ''}`} href={agentPath(id)}>
      <span class="who">
        <strong>{id}</strong>
        <span class="goal">
          {place?.repository != null && (
            <span class="repo" title={place.folder}>
              {place.repository}
              {place.branch !== null && ` ${place.branch}`}
            </span>
          )}
          {goal || 'no goal known'}
        </span>
      </span>
      <span class="state">
        <StatusBadge status={status} />
        <span class="faint">
          <Age at={status.since} suffix="" />
          {status.source !== null && <> · {status.source}</>}
        </span>
      </span>
      <span class="doing">
        <span class="marks">
          {decisions > 0 && <em class="mark you">decide</em>}
          {escalated && <em class="mark you">escalated</em>}
          {bad && <em class="mark bad">{lastAnalysis.steeringType}</em>}
          {paused && <em class="mark">paused</em>}
        </span>
        <span class="summary">{summary || 'not analysed yet'}</span>
      </span>
      <Sparkline points={trend} bad={bad} />
      <span class="score" title="Alignment by the latest verdict">
        {lastAnalysis === null ? '–' : Math.round(lastAnalysis.alignmentScore * 100)}
      </span>
      <span class="spend faint" title="Tokens, and money by estimate">
        {spend.tokens > 0 && (
          <>
            <span>{tokensText(spend.tokens)}</span>
            <span>{costText(spend)}</span>
          </>
        )}
      </span>
      <span class="when faint">
        <span>{lastAnalysis === null ? 'never judged' : <Age at={lastAnalysis.at} />}</span>
        <span>{host === null ? 'unplaced' : lastAnalysis?.phase}</span>
      </span>
    </a>
  );
}

function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(NARROW.matches);
  useEffect(() => {
    const changed = () => setNarrow(NARROW.matches);
    NARROW.addEventListener('change', changed);
    return () => NARROW.removeEventListener('change', changed);
  }, []);
  return narrow;
}

function emptyText(): string {
  if (!isLoaded.value) return 'Reading the fleet…';
  if (counts.value.all === 0)
    return 'No agents yet. Start some with “vigil run”, or find sessions with “vigil watch”.';
  return 'No agent fits.';
}

function analyseAll(): void {
  void attempt('Analysis', async () => {
    const { requested, failures } = await call<{ requested: number; failures: unknown[] }>('analyze', {});
    return `${requested} agents analysed${failures.length > 0 ? `, ${failures.length} failed` : ''}`;
  });
}
