import type { CoherenceAnswer } from '../../../src/http/views';
import { Age } from '../parts/age';
import { ScoreChart } from '../parts/chart';
import { useAnswer } from '../parts/use-answer';
import { call } from '../state/api';
import { attempt } from '../state/notices';
import { agentPath } from '../state/route';
import { CoherenceGraph } from './coherence-graph';

const EVERY_MS = 30_000;
const SHOWN = 50;

/** How well the agents work together: who does the same, who edits the same, the score over time. */
export function CoherenceView() {
  const { answer, error } = useAnswer<CoherenceAnswer>(
    '/api/coherence',
    (subject) => /^result\.(cycle|coherence|emergency)$/.test(subject),
    EVERY_MS,
  );
  if (answer === undefined) return <p class="empty">{error ?? 'Reading…'}</p>;
  const { latest, points } = answer;
  return (
    <div class="page">
      <header class="agent-head">
        <h1>Coherence</h1>
        {latest !== null && (
          <span class="faint">
            judged <Age at={latest.at} />
          </span>
        )}
        <div class="actions">
          <button type="button" onClick={judge}>
            Judge now
          </button>
        </div>
      </header>
      {latest === null ? (
        <p class="empty">The fleet was not judged as a whole yet.</p>
      ) : (
        <Report latest={latest} />
      )}
      <section class="card">
        <h2>Score over time</h2>
        <ScoreChart label="coherence" points={points} />
      </section>
    </div>
  );
}

function Report({ latest: { report } }: { latest: NonNullable<CoherenceAnswer['latest']> }) {
  const { alignment } = report;
  return (
    <>
      <section class="card">
        <dl class="stats">
          <Stat
            name={report.status}
            value={Math.round(report.coherenceScore * 100)}
            bad={report.status === 'incoherent'}
          />
          <Stat name="agents" value={report.agents} />
          <Stat name="mean alignment" value={Math.round(alignment.mean * 100)} />
          <Stat name="need steering" value={alignment.needSteering} bad={alignment.needSteering > 0} />
          <Stat name="duplicate groups" value={report.duplicates.length} bad={report.duplicates.length > 0} />
          <Stat name="conflicts" value={report.conflicts.length} bad={report.conflicts.length > 0} />
        </dl>
      </section>
      {(report.duplicates.length > 0 || report.conflicts.length > 0) && (
        <section class="card">
          <h2>Who gets in whose way</h2>
          <CoherenceGraph report={report} />
        </section>
      )}
      <div class="grid2">
        <section class="card">
          <h2>The same work</h2>
          <ul class="plain">
            {report.duplicates.slice(0, SHOWN).map(({ agents, similarity, evidence }) => (
              <li key={agents.join()}>
                <Names agents={agents} /> <span class="faint">{Math.round(similarity * 100)} % alike</span>
                <br />
                <span class="faint">{evidence}</span>
              </li>
            ))}
            {report.duplicates.length === 0 && <li class="faint">None.</li>}
          </ul>
        </section>
        <section class="card">
          <h2>The same files</h2>
          <ul class="plain">
            {report.conflicts.slice(0, SHOWN).map(({ agents, files }) => (
              <li key={agents.join() + files.join()}>
                <Names agents={agents} />
                <br />
                <span class="faint">{files.slice(0, 8).join(', ')}</span>
              </li>
            ))}
            {report.conflicts.length === 0 && <li class="faint">None.</li>}
          </ul>
        </section>
        <section class="card">
          <h2>Recommended</h2>
          <ul class="plain">
            {report.recommendations.slice(0, SHOWN).map((text) => (
              <li key={text}>{text}</li>
            ))}
            {report.recommendations.length === 0 && <li class="faint">Nothing.</li>}
          </ul>
        </section>
        <section class="card">
          <h2>Phases</h2>
          <table>
            <tbody>
              {Object.entries(report.phases).map(([phase, count]) => (
                <tr key={phase}>
                  <td>{phase}</td>
                  <td class="number">{count}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </div>
    </>
  );
}

export function Stat({ name, value, bad = false }: { name: string; value: string | number; bad?: boolean }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class={bad ? 'bad' : ''}>{value}</dd>
    </div>
  );
}

function Names({ agents }: { agents: readonly string[] }) {
  return (
    <>
      {agents.slice(0, 12).map((id, i) => (
        <span key={id}>
          {i > 0 && ', '}
          <a href={agentPath(id)}>{id}</a>
        </span>
      ))}
      {agents.length > 12 && ` and ${agents.length - 12} more`}
    </>
  );
}

function judge(): void {
  void attempt('Coherence', async () => {
    await call('coherence', {});
    return 'The fleet was judged';
  });
}
