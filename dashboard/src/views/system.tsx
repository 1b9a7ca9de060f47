import { costText, tokensText } from '../../../src/cost/spend-text';
import type { SystemAnswer } from '../../../src/http/views';
import type { PoolFigures } from '../../../src/messages/figures';
import type { Status, TreeNode } from '../../../src/messages/requests';
import { Age } from '../parts/age';
import { useAnswer } from '../parts/use-answer';
import { Stat } from './coherence';

const EVERY_MS = 5_000;
const WELL = new Set(['running', 'idle', 'busy', 'starting']);

/** What Vigil itself runs on, and how that is. */
export function SystemView() {
  const { answer, error } = useAnswer<SystemAnswer>(
    '/api/system',
    (subject) => /^event\.(host|fleet|judge|deadletter)/.test(subject),
    EVERY_MS,
  );
  if (answer === undefined) return <p class="empty">{error ?? 'Reading…'}</p>;
  const { at, status, browsers, memoryBytes } = answer;
  const { broker, requests, cycles, health, judge, cost } = status;
  return (
    <div class="page">
      <header class="agent-head">
        <h1>System</h1>
        <span class="faint">
          Vigil {status.version}, up <Age at={status.startedAt} suffix="" />, figures from <Age at={at} />
        </span>
      </header>
      {error !== undefined && <p class="banner">{error}</p>}
      <section class="card">
        <dl class="stats">
          <Stat name="broker" value={broker.connected ? 'connected' : 'away'} bad={!broker.connected} />
          <Stat name="agents watched" value={status.agents.active} />
          <Stat name="unplaced" value={status.agents.unplaced} bad={status.agents.unplaced > 0} />
          <Stat name="requests running" value={requests.running} />
          <Stat
            name="results waiting"
            value={requests.waitingResults}
            bad={requests.waitingResults > 1_000}
          />
          <Stat name="dead letters" value={status.deadLetters} bad={status.deadLetters > 0} />
          <Stat name="cycles run" value={cycles.run} />
          <Stat name="cycles skipped" value={cycles.skipped} bad={cycles.skipped > 0} />
          <Stat name="memory" value={`${Math.round(memoryBytes / 1_048_576)} MiB`} />
          <Stat name="browsers" value={browsers} />
        </dl>
      </section>
      <div class="grid2">
        <section class="card">
          <h2>Hosts</h2>
          <table>
            <thead>
              <tr>
                <th>host</th>
                <th>label</th>
                <th class="number">pid</th>
                <th class="number">agents</th>
              </tr>
            </thead>
            <tbody>
              {status.hosts.map(({ id, label, pid, agents }) => (
                <tr key={id}>
                  <td>{id}</td>
                  <td>{label ?? '–'}</td>
                  <td class="number">{pid}</td>
                  <td class="number">{agents}</td>
                </tr>
              ))}
              {status.hosts.length === 0 && (
                <tr>
                  <td colSpan={4}>No host is alive: nobody is analysed.</td>
                </tr>
              )}
            </tbody>
          </table>
        </section>
        <section class="card">
          <h2>Heartbeats and restarts</h2>
          {health.held && (
            <p class="mark bad">Restarts are held: a large part of the fleet fell silent at once.</p>
          )}
          <dl class="stats">
            <Stat name="taken in" value={health.heartbeats} />
            <Stat name="agents with one" value={health.watched} />
            <Stat name="degraded" value={health.degraded} bad={health.degraded > 0} />
            <Stat name="unresponsive" value={health.unresponsive} bad={health.unresponsive > 0} />
            <Stat name="restarts" value={health.restarts} />
            <Stat name="escalated" value={health.escalated} bad={health.escalated > 0} />
            <Stat name="paused" value={health.fleetPaused ? 'fleet' : health.paused} />
            <Stat name="gaps" value={health.lost} />
          </dl>
        </section>
        <section class="card">
          <h2>Used by the agents today (UTC)</h2>
          <dl class="stats">
            <Stat name="tokens" value={tokensText(cost.tokens)} />
            <Stat name="by estimate" value={costText(cost)} />
            <Stat name="without a price" value={tokensText(cost.unpriced)} />
          </dl>
          {cost.models.length > 0 && (
            <table>
              <thead>
                <tr>
                  <th>model</th>
                  <th class="number">tokens</th>
                  <th class="number">of caches</th>
                  <th class="number">estimate</th>
                </tr>
              </thead>
              <tbody>
                {cost.models.map((each) => (
                  <tr key={each.model}>
                    <td>{each.model || 'not named'}</td>
                    <td class="number">{tokensText(each.tokens)}</td>
                    <td class="number">{tokensText(each.cacheRead + each.cacheWrite)}</td>
                    <td class="number">{costText(each)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </section>
        <section class="card">
          <h2>Judge</h2>
          {judge.kind === 'rules' ? (
            <p>Rules alone: no model is asked, nothing is spent.</p>
          ) : (
            <>
              <p>
                {judge.tokensToday.toLocaleString()} of {judge.tokensPerDay.toLocaleString()} tokens today
                (UTC)
              </p>
              <Meter share={judge.tokensToday / Math.max(1, judge.tokensPerDay)} />
            </>
          )}
        </section>
        <section class="card">
          <h2>Pools of threads</h2>
          <table>
            <thead>
              <tr>
                <th>process</th>
                <th>pool</th>
                <th class="number">threads</th>
                <th class="number">busy</th>
                <th class="number">running</th>
                <th class="number">waiting</th>
                <th class="number">bytes</th>
              </tr>
            </thead>
            <tbody>
              {[{ id: 'supervisor', pools: status.pools }, ...status.hosts].flatMap(({ id, pools }) =>
                pools.map((pool) => <PoolRow key={`${id} ${pool.name}`} process={id} pool={pool} />),
              )}
            </tbody>
          </table>
        </section>
        <section class="card">
          <h2>GitHub</h2>
          <Quota {...status.github} />
        </section>
        <section class="card">
          <h2>Broker</h2>
          <p>
            Lost {broker.disconnects} times, {broker.complaints} complaints since the start.
          </p>
          {broker.last !== undefined && <pre>{broker.last}</pre>}
        </section>
      </div>
      <section class="card">
        <h2>Supervision tree</h2>
        <ul class="tree">
          <Branch node={status.tree} />
        </ul>
      </section>
    </div>
  );
}

function PoolRow({ process, pool }: { process: string; pool: PoolFigures }) {
  const { name, threads, running, waiting, utilisation, bytes } = pool;
  return (
    <tr>
      <td>{process}</td>
      <td>{name}</td>
      <td class="number">{threads}</td>
      <td class="number">{Math.round(utilisation * 100)} %</td>
      <td class="number">{running}</td>
      <td class={waiting > 100 ? 'number bad' : 'number'}>{waiting}</td>
      <td class="number">{bytes.toLocaleString()}</td>
    </tr>
  );
}

function Quota({ quota, refusal }: Status['github']) {
  if (refusal !== undefined) return <p class="mark bad">{refusal}</p>;
  if (quota === undefined) return <p>GitHub has not been asked since the start.</p>;
  const { limit, remaining, resetAt, at } = quota;
  return (
    <>
      <p>
        {remaining.toLocaleString()} of {limit.toLocaleString()} requests left, all of them again at{' '}
        {new Date(resetAt).toLocaleTimeString()}{' '}
        <span class="faint">
          by an answer <Age at={at} />
        </span>
      </p>
      <Meter share={1 - remaining / Math.max(1, limit)} />
    </>
  );
}

function Meter({ share }: { share: number }) {
  return (
    <div class="meter">
      <div class="meter-fill" style={{ width: `${Math.min(100, share * 100)}%` }} />
    </div>
  );
}

function Branch({ node }: { node: TreeNode }) {
  const { kind, id, state, restarts, mailbox, lastError, children, omitted } = node;
  return (
    <li>
      <span>
        <strong>{id}</strong>
        <span class="faint">{kind}</span>
        <span class={WELL.has(state) ? 'faint' : 'bad'}>{state}</span>
        {restarts > 0 && <span class="bad">{restarts} restarts</span>}
        {(mailbox ?? 0) > 0 && <span>{mailbox} waiting</span>}
        {lastError !== undefined && <span class="bad">{lastError.slice(0, 200)}</span>}
      </span>
      {(children !== undefined || omitted !== undefined) && (
        <ul>
          {children?.map((child) => (
            <Branch key={`${child.kind} ${child.id}`} node={child} />
          ))}
          {omitted !== undefined && <li class="faint">and {omitted} more</li>}
        </ul>
      )}
    </li>
  );
}
