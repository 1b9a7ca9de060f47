import { AgentFailure } from '../messages/health.js';
import { visible } from '../messages/visible.js';
import type { NoticeReason } from './notice.js';

/** What an event means for people. */
export type Meaning =
  | { readonly does: 'raise'; readonly agent: string; readonly reason: NoticeReason; readonly text: string }
  // Said once by whoever published it, and never taken back.
  | { readonly does: 'tell'; readonly agent: string; readonly reason: NoticeReason; readonly text: string }
  | {
      readonly does: 'clear';
      readonly agent: string;
      readonly reasons: readonly NoticeReason[];
      readonly text: string;
    };

const TEXT_CHARS = 300;
/** Over once the agent goes on or ends. */
const OF_AGENT: readonly NoticeReason[] = ['escalated', 'crashed', 'stuck'];

/**
 * @param subject of an event, below the prefix.
 * @returns nothing when people need not hear of it.
 */
export function meaningsOf(subject: string, body: Readonly<Record<string, unknown>>): readonly Meaning[] {
  const meaning = meaningOf(subject, body);
  const own = meaning === undefined ? [] : [meaning];
  const [, what, agent = '', state = ''] = subject.split('.');
  if (what !== 'agent' || state !== 'finished' || !isUnseen(body)) return own;
  return [...own, { does: 'raise', agent, reason: 'done', text: 'has finished, and nobody has looked yet' }];
}

/** The last thing that its program said. */
function lastWordOf({ failure }: Readonly<Record<string, unknown>>): string {
  const parsed = AgentFailure.safeParse(failure);
  const last = parsed.success ? parsed.data.lines.at(-1) : undefined;
  return last === undefined ? '' : visible(`: ${last}`).slice(0, TEXT_CHARS);
}

function isUnseen({ status }: Readonly<Record<string, unknown>>): boolean {
  return typeof status === 'object' && status !== null && 'unseen' in status && status.unseen === true;
}

function meaningOf(subject: string, body: Readonly<Record<string, unknown>>): Meaning | undefined {
  const [kind, what, agent = '', state = ''] = subject.split('.');
  if (kind !== 'event') return undefined;
  const text = (field: string) => visible(String(body[field] ?? '')).slice(0, TEXT_CHARS);
  if (what === 'fleet' && agent === 'held')
    return { does: 'raise', agent: '', reason: 'held', text: text('message') };
  if (what === 'fleet' && agent === 'released')
    return { does: 'clear', agent: '', reasons: ['held'], text: 'goes on' };
  if (what === 'fleet' && agent === 'budget')
    return { does: 'tell', agent: '', reason: 'budget', text: text('message') };
  if (what === 'intervention') {
    return body['state'] === 'pending'
      ? { does: 'raise', agent, reason: 'approval', text: `to be approved: ${text('message')}` }
      : { does: 'clear', agent, reasons: ['approval'], text: 'needs no approval any more' };
  }
  if (what !== 'agent') return undefined;
  if (state === 'waiting')
    return { does: 'raise', agent, reason: 'waiting', text: `waits: ${text('summary')}` };
  if (state === 'resumed') return { does: 'clear', agent, reasons: ['waiting'], text: 'goes on' };
  if (state === 'escalated') return { does: 'raise', agent, reason: 'escalated', text: text('message') };
  if (state === 'budget') return { does: 'tell', agent, reason: 'budget', text: text('message') };
  if (state === 'crashed' || state === 'stuck')
    return { does: 'raise', agent, reason: state, text: `is ${state}${lastWordOf(body)}` };
  if (state === 'acknowledged')
    return { does: 'clear', agent, reasons: ['done', 'crashed'], text: 'has been seen' };
  if (state === 'running') return { does: 'clear', agent, reasons: [...OF_AGENT, 'done'], text: 'goes on' };
  if (state === 'finished') return { does: 'clear', agent, reasons: OF_AGENT, text: 'has ended' };
  return undefined;
}
