import { AGENT_PROTOCOL, GUARDIAN_PROTOCOL } from '../messages/actor-protocols.js';
import type { Place } from '../messages/agents.js';
import type { TrajectoryAnalysis } from '../messages/analysis.js';
import type { UsageMark, UsageRow } from '../messages/cost.js';
import { type Failure, VigilError } from '../messages/errors.js';
import { isId } from '../messages/ids.js';
import { type AgentAccess, askAgent } from './ask-agent.js';
import type { Behaviour } from './runtime/behaviour.js';
import { scatter } from './runtime/scatter.js';

/** One agent's verdict as it came in, with the placement under which it was given. */
export interface Verdict {
  readonly requestId: string;
  readonly analysis: TrajectoryAnalysis;
  readonly unchanged: boolean;
  readonly host: string;
  readonly epoch: number;
  /** Epoch milliseconds at which the agent was asked. */
  readonly startedAt: number;
  /** What the agent has used, by day and model: what was not on record when it was asked. */
  readonly usage: readonly UsageRow[];
  readonly usageMark?: UsageMark | undefined;
  readonly place: Place | null;
}

export interface GuardianParts {
  readonly access: AgentAccess;
  readonly itemTimeoutMs: number;
  /** Ids of all active agents, in order. */
  activeAgents(): string[];
  /** Those of `ids` that are on record. */
  known(ids: readonly string[]): ReadonlySet<string>;
  /** Agents of which the request has a verdict already: it went on after a restart. */
  judged(requestId: string): ReadonlySet<string>;
  /** How far the agent's ledger is on record. */
  usageOnRecord(agent: string): UsageMark | undefined;
  /** Records a verdict and hands it to the outbox; resolves when that is on the disk. */
  record(verdict: Verdict): Promise<void>;
}

/**
 * Guardian: analyses the agents of one request, a bounded number at a time, and records each verdict as it comes.
 * One actor per request, so that an emergency never waits behind a long cycle.
 */
export function guardianBehaviour(parts: GuardianParts): Behaviour<null, typeof GUARDIAN_PROTOCOL> {
  return {
    kind: 'guardian',
    protocol: GUARDIAN_PROTOCOL,
    start: () => null,
    on: {
      run: async (_state, request, { signal }) => {
        const wanted = request.agents === undefined ? parts.activeAgents() : [...new Set(request.agents)];
        const known = request.agents === undefined ? new Set(wanted) : parts.known(wanted);
        const judged = parts.judged(request.requestId);
        const failures: Failure[] = wanted.filter((agent) => !known.has(agent)).map(unknownAgent);
        const gathered = await scatter(
          wanted.filter((agent) => known.has(agent) && !judged.has(agent)),
          {
            limit: request.maxConcurrent,
            itemTimeoutMs: parts.itemTimeoutMs,
            deadlineMs: request.deadlineMs,
            signal,
            nameOf: (agent) => agent,
            attempt: async (agent, timeoutMs, itemSignal) => {
              const startedAt = Date.now();
              const { requestId, force } = request;
              const body = { requestId, force, usageAfter: parts.usageOnRecord(agent) };
              const { epoch, body: answer } = await askAgent(
                parts.access,
                agent,
                'analyze',
                body,
                timeoutMs,
                itemSignal,
              );
              const parsed = AGENT_PROTOCOL.analyze.reply.safeParse(answer);
              if (!parsed.success)
                throw new VigilError(
                  'BAD_REPLY',
                  `the actor's answer is not an analysis: ${parsed.error.issues[0]?.message}`,
                );
              return { ...parsed.data, epoch, startedAt, requestId: request.requestId };
            },
            onResult: (_agent, verdict) => parts.record(verdict),
          },
        );
        return { requested: wanted.length, failures: [...failures, ...gathered.failures] };
      },
    },
  };
}

const MAX_SHOWN = 100;

function unknownAgent(agent: string): Failure {
  if (isId(agent)) return { agent, code: 'NOT_FOUND', message: 'no agent with this id; register it first' };
  return {
    agent: agent.slice(0, MAX_SHOWN),
    code: 'BAD_REQUEST',
    message: 'no valid id: expected 1 to 64 of A-Z a-z 0-9 _ -',
  };
}
