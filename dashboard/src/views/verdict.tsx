import type { AgentAnswer } from '../../../src/http/views';
import { Age } from '../parts/age';

/** The latest verdict, and each piece of evidence with the way to its events. */
export function Verdict({
  analysis,
  goal,
  choose,
}: {
  analysis: AgentAnswer['analysis'];
  goal: string | undefined;
  choose: (event: number) => void;
}) {
  if (analysis === null)
    return (
      <section class="card">
        <h2>Verdict</h2>
        <p class="faint">Not analysed yet.</p>
        <p>{goal}</p>
      </section>
    );
  const { at, verdict } = analysis;
  return (
    <section class="card verdict">
      <h2>
        Verdict{' '}
        <span class="faint">
          <Age at={at} />
        </span>
      </h2>
      <p class="headline">
        <span class={`big ${verdict.needsSteering ? 'bad' : ''}`}>
          {Math.round(verdict.alignmentScore * 100)}
        </span>
        <span>
          {verdict.needsSteering ? (
            <em class="mark bad">{verdict.steeringType}</em>
          ) : (
            <em class="mark good">fine</em>
          )}{' '}
          {verdict.phase}
          <br />
          {verdict.summary}
        </span>
      </p>
      {verdict.recommendation !== undefined && <blockquote>{verdict.recommendation}</blockquote>}
      {verdict.evidence.length > 0 && (
        <ul class="findings">
          {verdict.evidence.map(({ rule, detail, events, severity }) => (
            <li key={rule + detail}>
              <strong>{rule}</strong> <span class="faint">{Math.round(severity * 100)} %</span>
              <br />
              {detail}
              <br />
              <span class="links">
                {events.slice(0, 12).map((event) => (
                  <button key={event} type="button" class="link" onClick={() => choose(event)}>
                    #{event}
                  </button>
                ))}
                {events.length > 12 && <span class="faint">and {events.length - 12} more</span>}
              </span>
            </li>
          ))}
        </ul>
      )}
      <details>
        <summary>
          Goal and{' '}
          {verdict.constraints.length === 1 ? '1 constraint' : `${verdict.constraints.length} constraints`}
        </summary>
        <p>{verdict.goal || goal || 'none known'}</p>
        <ul>
          {verdict.constraints.map((text, i) => (
            <li key={i}>{text}</li>
          ))}
        </ul>
        {verdict.notes?.map((note) => (
          <p key={note} class="faint">
            {note}
          </p>
        ))}
      </details>
    </section>
  );
}
