import { useMemo } from 'preact/hooks';
import type { AgentEvent } from '../../../src/messages/agent-event';
import type { Intervention } from '../../../src/messages/interventions';
import { span } from '../state/clock';
import { isFailure, type Lane, laneOf, type Moment, momentsOf } from './moments';

export interface TimelineProps {
  readonly events: readonly AgentEvent[];
  readonly evidence: ReadonlySet<number>;
  readonly interventions: readonly Intervention[];
  readonly chosen: number | undefined;
  readonly choose: (event: number) => void;
}

const LANES: readonly (readonly [Lane, string])[] = [
  ['talk', 'talks'],
  ['look', 'looks'],
  ['edit', 'edits'],
  ['run', 'runs'],
  ['other', 'other'],
];
const WIDTH = 1_200;
const LANE = 16;
const TOP = 16;
const HEIGHT = TOP + LANES.length * LANE + 4;
const GAP = 14;
/** A wider picture would have bars that nobody can tell apart. */
const MAX_DRAWN = 1_500;

/** All events at a glance, in order: what it did in lanes, failures, evidence, steering, gaps. A click opens one in the log. */
export function Timeline({ events, evidence, interventions, chosen, choose }: TimelineProps) {
  const moments = useMemo(() => {
    const all = momentsOf(events, interventions).filter(
      (moment) => moment.kind !== 'event' || moment.event.kind !== 'tool_result' || isFailure(moment.event),
    );
    return drawn(all, chosen);
  }, [events, interventions, chosen]);
  if (moments.length === 0) return null;
  const gaps = moments.filter(({ kind }) => kind === 'idle').length;
  const step = (WIDTH - 4 - gaps * GAP) / moments.length;
  const bar = Math.max(0.8, Math.min(10, step * 0.8));
  let x = 2;
  const marks = moments.map((moment) => {
    const left = x;
    x += moment.kind === 'idle' ? GAP + step : step;
    if (moment.kind === 'idle')
      return (
        <g key={`i${moment.before}`} class="idle">
          <title>{`idle ${span(moment.ms)}`}</title>
          <rect x={left + 2} y={TOP} width={GAP + step - 4} height={HEIGHT - TOP - 4} />
          <text x={left + (GAP + step) / 2} y={11}>
            {span(moment.ms)}
          </text>
        </g>
      );
    if (moment.kind === 'steer')
      return (
        <g key={moment.intervention.id} class="steer">
          <title>{`told: ${moment.intervention.message.slice(0, 200)}`}</title>
          <path d={`M${left} ${TOP - 3}l-4 -8h8Z`} />
          <line x1={left} x2={left} y1={TOP - 3} y2={HEIGHT} />
        </g>
      );
    const { event } = moment;
    const lane = LANES.findIndex(([name]) => name === laneOf(event));
    const classes = [
      'tick',
      laneOf(event),
      isFailure(event) ? 'failed' : '',
      evidence.has(event.index) ? 'evidence' : '',
      event.index === chosen ? 'chosen' : '',
    ];
    return (
      // biome-ignore lint/a11y/noStaticElementInteractions: the log below is the same by keyboard
      <rect
        key={event.index}
        class={classes.join(' ')}
        x={left}
        y={TOP + lane * LANE + 2}
        width={bar}
        height={LANE - 4}
        rx={Math.min(2, bar / 2)}
        onClick={() => choose(event.index)}
      >
        <title>{`#${event.index} ${event.tool ?? event.kind}`}</title>
      </rect>
    );
  });
  return (
    <div class="timeline">
      <div class="lanes" aria-hidden="true">
        {LANES.map(([name, text]) => (
          <span key={name} class={name}>
            {text}
          </span>
        ))}
      </div>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Timeline: ${moments.length} moments, ${evidence.size} of them evidence, ${gaps} idle gaps`}
      >
        {LANES.map(([name], i) => (
          <line
            key={name}
            class="rule"
            x1={0}
            x2={WIDTH}
            y1={TOP + (i + 0.5) * LANE}
            y2={TOP + (i + 0.5) * LANE}
          />
        ))}
        {marks}
      </svg>
    </div>
  );
}

/** The latest ones; where an older event was chosen, those around it. */
function drawn(all: readonly Moment[], chosen: number | undefined): readonly Moment[] {
  const latest = all.length - MAX_DRAWN;
  const at =
    chosen === undefined ? -1 : all.findIndex((each) => each.kind === 'event' && each.event.index >= chosen);
  const from = at < 0 || at >= latest ? latest : at - MAX_DRAWN / 2;
  return all.slice(Math.max(0, from), Math.max(0, from) + MAX_DRAWN);
}
