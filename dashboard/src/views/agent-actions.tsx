import { useState } from 'preact/hooks';
import type { AgentRecord } from '../../../src/messages/agents';
import type { RestartEvent } from '../../../src/messages/health';
import type { Intervention } from '../../../src/messages/interventions';
import { Dialog } from '../parts/dialog';
import { call } from '../state/api';
import { refresh } from '../state/fleet';
import { attempt } from '../state/notices';

interface Failures {
  readonly failures: readonly { readonly message: string }[];
}

/** What a person can do about an agent. */
export function AgentActions({ record, done }: { record: AgentRecord; done: () => void }) {
  const { id, health, status } = record;
  const [asked, setAsked] = useState<'steer' | 'restart'>();
  const [busy, setBusy] = useState(false);
  const act = async (what: string, action: () => Promise<string>) => {
    setBusy(true);
    const went = await attempt(what, action);
    setBusy(false);
    refresh();
    done();
    return went;
  };
  const close = () => setAsked(undefined);
  return (
    <div class="actions">
      {status.unseen && (
        <button
          type="button"
          disabled={busy}
          onClick={() => act('Acknowledgement', () => acknowledge(id))}
          title="It has ended, and you know it now"
        >
          Seen
        </button>
      )}
      <button type="button" disabled={busy} onClick={() => act('Analysis', () => analyse(id))}>
        Analyse
      </button>
      <button type="button" disabled={busy} onClick={() => setAsked('steer')}>
        Steer…
      </button>
      <button
        type="button"
        disabled={busy}
        onClick={() => act('Pause', () => (health.paused ? resume(id) : pause(id)))}
        title="Paused: Vigil neither restarts nor steers it"
      >
        {health.paused ? 'Resume' : 'Pause'}
      </button>
      <button type="button" class="danger" disabled={busy} onClick={() => setAsked('restart')}>
        Restart…
      </button>
      {asked === 'steer' && (
        <SteerDialog id={id} close={close} send={(text) => act('Steering', () => steer(id, text))} />
      )}
      {asked === 'restart' && (
        <Dialog title={`Restart ${id}?`} close={close}>
          <p>What it is doing now is lost. A runner (“vigil run”) or a restart command has to be there.</p>
          <p class="buttons">
            <button
              type="button"
              class="danger"
              disabled={busy}
              onClick={async () => {
                close();
                await act('Restart', () => restart(id));
              }}
            >
              Restart
            </button>
            <button type="button" onClick={close}>
              Leave it
            </button>
          </p>
        </Dialog>
      )}
    </div>
  );
}

async function acknowledge(id: string): Promise<string> {
  await call('agents.ack', { ids: [id] });
  return `${id} acknowledged`;
}

function SteerDialog({
  id,
  close,
  send,
}: {
  id: string;
  close: () => void;
  send: (text: string) => Promise<boolean>;
}) {
  const [text, setText] = useState('');
  return (
    <Dialog title={`Tell ${id}`} close={close}>
      <textarea
        aria-label="Message"
        rows={4}
        maxLength={20_000}
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
      <p class="faint">
        Delivered at its next turn, by its runner or hook. Text in a session where a person types does harm.
      </p>
      <p class="buttons">
        <button
          type="button"
          class="primary"
          disabled={text.trim() === ''}
          onClick={async () => {
            if (await send(text)) close();
          }}
        >
          Send
        </button>
        <button type="button" onClick={close}>
          Cancel
        </button>
      </p>
    </Dialog>
  );
}

async function analyse(id: string): Promise<string> {
  const { failures } = await call<Failures>('analyze', { agents: [id], force: true });
  const [failure] = failures;
  if (failure !== undefined) throw new Error(failure.message);
  return `${id} analysed`;
}

async function steer(agent: string, message: string): Promise<string> {
  const { state, reason } = await call<Intervention>('agents.steer', { agent, message });
  return `${agent}: ${state}${reason === undefined ? '' : `, ${reason}`}`;
}

async function pause(id: string): Promise<string> {
  await call('agents.pause', { ids: [id] });
  return `${id} is left alone`;
}

async function resume(id: string): Promise<string> {
  await call('agents.resume', { ids: [id] });
  return `${id} is looked after again`;
}

async function restart(id: string): Promise<string> {
  const { restarts, failures } = await call<Failures & { restarts: readonly RestartEvent[] }>(
    'agents.restart',
    {
      ids: [id],
    },
  );
  const [failure] = failures;
  if (failure !== undefined) throw new Error(failure.message);
  return `${id}: ${restarts[0]?.outcome ?? 'not begun'}`;
}
