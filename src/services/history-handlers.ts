import { VigilError } from '../messages/errors.js';
import type { Store } from '../store/store.js';
import type { Handlers } from './rpc-service.js';

/** What was judged over time, from the record. */
export function historyHandlers(
  store: Store,
): Pick<Handlers, 'history.fleet' | 'history.agent' | 'history.verdicts' | 'history.coherence'> {
  const { history } = store;
  return {
    'history.fleet': ({ points, after, limit }) => {
      const agents = history.trends({ points, after, limit });
      return { agents, next: agents.length === limit ? (agents.at(-1)?.agent ?? null) : null };
    },
    'history.agent': ({ agent, points }) => {
      if (store.agents.get(agent) === undefined) throw new VigilError('NOT_FOUND', `no agent ${agent}`);
      const latest = history.latest(agent);
      return {
        latest: latest === undefined ? null : { at: isoOf(latest.at), verdict: latest.analysis },
        points: history.points(agent, points).map(({ at, ...rest }) => ({ at: isoOf(at), ...rest })),
      };
    },
    'history.verdicts': ({ agent, after, limit }) => {
      if (store.agents.get(agent) === undefined) throw new VigilError('NOT_FOUND', `no agent ${agent}`);
      const rows = history.verdicts(agent, after, limit);
      const verdicts = rows.map(({ seq, at, analysis }) => ({ seq, at: isoOf(at), verdict: analysis }));
      return { verdicts, next: rows.length === limit ? (rows.at(-1)?.seq ?? null) : null };
    },
    'history.coherence': ({ points }) => {
      const latest = history.coherence();
      return {
        latest: latest === undefined ? null : { at: isoOf(latest.at), report: latest.report },
        points: history.coherencePoints(points).map(({ at, score }) => ({ at: isoOf(at), score })),
      };
    },
  };
}

function isoOf(at: number): string {
  return new Date(at).toISOString();
}
