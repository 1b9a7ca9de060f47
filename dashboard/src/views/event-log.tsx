import { useEffect, useMemo, useState } from 'preact/hooks';
import type { AgentEvent } from '../../../src/messages/agent-event';
import { VirtualList } from '../parts/virtual-list';
import { span } from '../state/clock';
import { isFailure, laneOf, type Moment, momentsOf } from './moments';
import type { TimelineProps } from './timeline';

const ROW = 28;

export interface EventLogProps extends TimelineProps {
  /** Gets the events before; undefined when there are none. */
  readonly older: (() => void) | undefined;
}

/** The events one by one, gaps and steering between them; one that is chosen shows all that is kept of it. */
export function EventLog({ events, evidence, interventions, chosen, choose, older }: EventLogProps) {
  const [onlyEvidence, setOnlyEvidence] = useState(false);
  const moments = useMemo(() => {
    const all = momentsOf(events, interventions);
    return onlyEvidence ? all.filter((each) => each.kind === 'event' && evidence.has(each.event.index)) : all;
  }, [events, interventions, onlyEvidence, evidence]);
  const at = moments.findIndex((each) => each.kind === 'event' && each.event.index === chosen);
  const open = at < 0 ? undefined : (moments[at] as Extract<Moment, { kind: 'event' }>).event;
  const first = events[0]?.index ?? 0;
  const tooOld = chosen !== undefined && chosen < first;
  // An event of the evidence was chosen: the log is gone back over until it is there.
  useEffect(() => {
    if (tooOld) older?.();
  }, [tooOld, older, first]);
  return (
    <div class="log">
      {evidence.size > 0 && (
        <label class="only">
          <input
            type="checkbox"
            checked={onlyEvidence}
            onChange={({ currentTarget }) => setOnlyEvidence(currentTarget.checked)}
          />{' '}
          only the evidence of the verdict
        </label>
      )}
      {tooOld && (
        <p class="faint">
          {older === undefined
            ? `Event #${chosen} is older than what is shown here: vigil replay --from ${chosen} has it.`
            : `Going back to event #${chosen}…`}
        </p>
      )}
      <div class={open === undefined ? 'panes' : 'panes two'}>
        <VirtualList
          label="Events"
          class="events"
          items={moments}
          rowHeight={ROW}
          keyOf={keyOf}
          reveal={at}
          stickToEnd
          onStart={onlyEvidence ? undefined : older}
          render={(moment) => (
            <Line
              moment={moment}
              evidence={moment.kind === 'event' && evidence.has(moment.event.index)}
              chosen={moment.kind === 'event' && moment.event.index === chosen}
              choose={choose}
            />
          )}
        />
        {open !== undefined && <Detail event={open} />}
      </div>
    </div>
  );
}

function Line({
  moment,
  evidence,
  chosen,
  choose,
}: {
  moment: Moment;
  evidence: boolean;
  chosen: boolean;
  choose: (event: number) => void;
}) {
  if (moment.kind === 'idle') return <p class="line idle">idle {span(moment.ms)}</p>;
  if (moment.kind === 'steer') {
    const { intervention } = moment;
    return (
      <p class="line steer" title={intervention.message}>
        ▶ {intervention.state} {intervention.effect && `(${intervention.effect.outcome})`}:{' '}
        {intervention.message}
      </p>
    );
  }
  const { event } = moment;
  const classes = [
    'line',
    laneOf(event),
    isFailure(event) ? 'failed' : '',
    evidence ? 'evidence' : '',
    chosen ? 'chosen' : '',
  ];
  return (
    <button type="button" class={classes.join(' ')} aria-pressed={chosen} onClick={() => choose(event.index)}>
      <span class="index">{event.index}</span>
      <span class="time">{event.at === null ? '' : new Date(event.at).toLocaleTimeString()}</span>
      <span class="what">{labelOf(event)}</span>
      <span class="text">{textOf(event)}</span>
    </button>
  );
}

function Detail({ event }: { event: AgentEvent }) {
  const { index, kind, role, tool, action, exitCode, text, input, output, truncated } = event;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
    <section class="detail" aria-label={`Event ${index}`} tabIndex={0}>
      <p class="faint">
        #{index} · {role} · {kind}
        {tool !== undefined && ` · ${tool}`}
        {action !== undefined && ` (${action})`}
        {exitCode !== undefined && ` · exit ${exitCode}`}
        {truncated === true && ' · cut'}
      </p>
      {[text, input, output].map((part, i) =>
        part === undefined || part === '' ? null : <pre key={i}>{part}</pre>,
      )}
    </section>
  );
}

function labelOf(event: AgentEvent): string {
  if (event.kind === 'tool_call') return event.tool ?? 'tool';
  if (event.kind === 'tool_result') return isFailure(event) ? '✗ result' : 'result';
  return event.kind === 'message' ? event.role : event.kind;
}

function textOf(event: AgentEvent): string {
  return (event.text ?? event.input ?? event.output ?? '').slice(0, 300).replace(/\s+/g, ' ');
}

function keyOf(moment: Moment): string {
  if (moment.kind === 'event') return `e${moment.event.index}`;
  return moment.kind === 'idle' ? `i${moment.before}` : moment.intervention.id;
}
