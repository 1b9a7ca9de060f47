import { useState } from 'preact/hooks';
import type { Intervention } from '../../../src/messages/interventions';
import { Age } from '../parts/age';
import { call } from '../state/api';
import { attempt } from '../state/notices';
import { agentPath } from '../state/route';

/** A steering that waits for a person: what would be said, yes or no. */
export function Decision({ intervention, named = false }: { intervention: Intervention; named?: boolean }) {
  const [busy, setBusy] = useState(false);
  const decide = async (approve: boolean) => {
    setBusy(true);
    await attempt('Decision', async () => {
      const done = await call<Intervention>('interventions.decide', { id: intervention.id, approve });
      return approve ? `${done.agent}: ${done.state}` : `${done.agent}: will not be told`;
    });
    setBusy(false);
  };
  return (
    <article class="decision">
      <p>
        {named && <a href={agentPath(intervention.agent)}>{intervention.agent}</a>}{' '}
        <em class="mark bad">{intervention.type}</em>{' '}
        <span class="faint">
          <Age at={intervention.at} />
        </span>
      </p>
      <blockquote>{intervention.message}</blockquote>
      <button type="button" class="primary" disabled={busy} onClick={() => decide(true)}>
        Tell it
      </button>{' '}
      <button type="button" disabled={busy} onClick={() => decide(false)}>
        Do not
      </button>
    </article>
  );
}
