import { channelsOf } from '../messages/channels.js';
import type { AnalysisResult } from '../messages/results.js';
import type { FeedEvent } from './event-feed.js';
import type { VerdictLine } from './views.js';

/**
 * A message of the result stream as browsers get it: without what is only of use to whoever looks at one agent, and
 * fetches it then. Undefined: nothing that a page shows.
 */
export function feedEvent(
  subject: string,
  body: Record<string, unknown>,
  prefix: string,
): FeedEvent | undefined {
  const [channel] = channelsOf(subject, prefix);
  if (channel === undefined) return undefined;
  const short = subject.slice(prefix.length + 1);
  if (channel.pattern === 'result.analysis.<agent>')
    return { subject: short, body: verdictLine(body as unknown as AnalysisResult) };
  if (!channel.pattern.startsWith('result.')) return { subject: short, body };
  const { items, interventions, coherence, failures, ...rest } = body;
  return { subject: short, body: { ...rest, failures: lengthOf(failures) } };
}

/** A verdict as lists show it. */
export function verdictLine({ finishedAt, analysis }: AnalysisResult): VerdictLine {
  const { agent, phase, alignmentScore, needsSteering, steeringType, summary } = analysis;
  const { lastAction, format, usage } = analysis;
  return {
    ...{ agent, at: finishedAt, phase, alignmentScore, needsSteering, steeringType, summary },
    ...{ lastAction, format, usage },
  };
}

function lengthOf(list: unknown): number {
  return Array.isArray(list) ? list.length : 0;
}
