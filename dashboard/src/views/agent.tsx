import { useEffect, useState } from 'preact/hooks';
import type { AgentAnswer } from '../../../src/http/views';
import { onKeys } from '../keys';
import { Age } from '../parts/age';
import { ScoreChart } from '../parts/chart';
import { StatusBadge } from '../parts/status-badge';
import { useAnswer } from '../parts/use-answer';
import { rowOf } from '../state/fleet';
import { go } from '../state/route';
import { AgentActions } from './agent-actions';
import { Decision } from './decision';
import { EventLog } from './event-log';
import { Timeline } from './timeline';
import { useEvents } from './use-events';
import { Verdict } from './verdict';

/** Heartbeats and pauses are told by no event. */
const EVERY_MS = 15_000;

/** One agent: what it does, what the judge says and on what evidence, its events, what can be done. */
export function AgentView({ id }: { id: string }) {
  const { answer, error, read } = useAgent(id);
  const log = useEvents(id);
  const [chosen, setChosen] = useState<number>();
  useEffect(() => onKeys({ Escape: () => go('#/') }), []);
  // The list hears of a change first.
  const status = rowOf(id)?.status ?? answer?.record.status;
  if (answer === undefined)
    return <p class="empty">{error === undefined ? 'Reading…' : `${id.slice(0, 80)}: ${error}`}</p>;
  const { record, analysis, points, interventions } = answer;
  const evidence = analysis?.verdict.evidence ?? [];
  const marked = new Set(evidence.flatMap(({ events }) => events));
  const pending = interventions.filter(({ state }) => state === 'pending');
  return (
    <div class="agent">
      <header class="agent-head">
        <p class="crumb">
          <a href="#/">Fleet</a> /
        </p>
        <h1>{id}</h1>
        {status !== undefined && (
          <p class="now">
            <StatusBadge status={status} />
            <span class="faint">
              for <Age at={status.since} suffix="" />, by {status.source ?? 'nothing recent'}
              {status.at !== null && (
                <>
                  , last sign <Age at={status.at} />
                </>
              )}
            </span>
          </p>
        )}
        <AgentActions record={record} done={read} />
      </header>
      {pending.map((each) => (
        <Decision key={each.id} intervention={each} />
      ))}
      <div class="agent-grid">
        <Verdict analysis={analysis} goal={record.goal} choose={setChosen} />
        <section class="card">
          <h2>Alignment over time</h2>
          <ScoreChart label="alignment" points={points} />
          <Facts answer={answer} />
        </section>
      </div>
      <section class="card">
        <h2>
          Timeline <span class="faint">{log.text}</span>
        </h2>
        <Timeline
          events={log.events}
          evidence={marked}
          interventions={interventions}
          chosen={chosen}
          choose={setChosen}
        />
        <EventLog
          events={log.events}
          evidence={marked}
          interventions={interventions}
          chosen={chosen}
          choose={setChosen}
          older={log.hasOlder ? log.older : undefined}
        />
      </section>
    </div>
  );
}

function useAgent(id: string) {
  return useAnswer<AgentAnswer>(
    `/api/agents/${encodeURIComponent(id)}`,
    (subject) => subject.split('.')[2] === id,
    EVERY_MS,
  );
}

function Facts({ answer: { record, analysis } }: { answer: AgentAnswer }) {
  const { health } = record;
  const facts: readonly (readonly [string, unknown])[] = [
    ['host', record.host ?? 'unplaced'],
    ['heartbeat', health.level === 'unwatched' ? 'none' : `${health.level}, ${health.missed} missed`],
    ['events', analysis?.verdict.eventCount],
    ['tokens', tokens(analysis?.verdict.usage)],
    ['workspace', record.workspace],
    ['judged by', analysis?.verdict.judge],
  ];
  return (
    <dl class="facts">
      {facts
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{String(value)}</dd>
          </div>
        ))}
    </dl>
  );
}

function tokens(usage: { input: number; output: number } | undefined): string | undefined {
  return usage && `${usage.input.toLocaleString()} in, ${usage.output.toLocaleString()} out`;
}
