import { readJson } from '../../actors/runtime/wire.js';
import type { FeedEvent } from '../../http/event-feed.js';
import { verdictLine } from '../../http/feed-event.js';
import { channelsOf } from '../../messages/channels.js';
import type { AnalysisResult } from '../../messages/results.js';

/** What is said of agents, below the prefix. */
const OF_AGENTS = /^(?:result\.analysis|event\.(?:agent|intervention|restart))\./;

/** A message as pages get it, for those that say something of an agent; undefined for the others, and for what does not fit its schema. */
export function heardEvent(subject: string, data: Uint8Array, prefix: string): FeedEvent | undefined {
  const short = subject.slice(prefix.length + 1);
  if (!OF_AGENTS.test(short)) return undefined;
  const [channel] = channelsOf(subject, prefix);
  const value = readJson(data);
  for (const { schema } of channel?.messages ?? []) {
    const parsed = schema.safeParse(value);
    if (!parsed.success) continue;
    const isVerdict = channel?.pattern === 'result.analysis.<agent>';
    return { subject: short, body: isVerdict ? verdictLine(parsed.data as AnalysisResult) : parsed.data };
  }
  return undefined;
}
