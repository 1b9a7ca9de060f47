import type { AgentStatus } from '../../../src/messages/health';

const TEXTS: Readonly<Record<AgentStatus['state'], string>> = {
  waiting_permission: 'needs permission',
  waiting_input: 'waits for you',
  crashed: 'crashed',
  stuck: 'stuck',
  running: 'running',
  unknown: 'unknown',
  idle: 'idle',
  finished: 'finished',
};

/** Each state has a shape of its own: colour alone tells nothing to many. */
const SHAPES: Readonly<Record<AgentStatus['state'], string>> = {
  waiting_permission: 'M8 1.5 14.5 8 8 14.5 1.5 8Z',
  waiting_input: 'M8 1.5 14.5 8 8 14.5 1.5 8Z',
  crashed: 'M3 3 13 13M13 3 3 13',
  stuck: 'M8 2 15 14H1Z',
  running: 'M4 2 14 8 4 14Z',
  unknown: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2Z',
  idle: 'M5 3v10M11 3v10',
  finished: 'M2 8.5 6.5 13 14 3.5',
};

const STROKED = new Set<AgentStatus['state']>(['crashed', 'unknown', 'idle', 'finished']);

export function StatusBadge({ status: { state, unseen } }: { status: AgentStatus }) {
  return (
    <span class={`badge state-${state}`}>
      <svg viewBox="0 0 16 16" class={STROKED.has(state) ? 'stroked' : 'filled'} aria-hidden="true">
        <path d={SHAPES[state]} />
      </svg>
      {TEXTS[state]}
      {unseen && <em class="mark you">unseen</em>}
    </span>
  );
}
