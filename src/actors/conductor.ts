import { AGENT_PROTOCOL, CONDUCTOR_PROTOCOL } from '../messages/actor-protocols.js';
import type { CoherenceReport, Profile } from '../messages/analysis.js';
import { VigilError } from '../messages/errors.js';
import { type AgentAccess, askAgent } from './ask-agent.js';
import type { Behaviour } from './runtime/behaviour.js';
import { scatter } from './runtime/scatter.js';

export interface ConductorParts {
  readonly access: AgentAccess;
  readonly itemTimeoutMs: number;
  activeAgents(): string[];
  judge(profiles: readonly Profile[], signal: AbortSignal): CoherenceReport | Promise<CoherenceReport>;
  /** Records the report and hands it to the outbox; resolves when that is on the disk. */
  record(requestId: string, report: CoherenceReport): Promise<void>;
}

/** Conductor: judges the fleet as a whole from the agents' profiles. One actor per request. */
export function conductorBehaviour(parts: ConductorParts): Behaviour<null, typeof CONDUCTOR_PROTOCOL> {
  return {
    kind: 'conductor',
    protocol: CONDUCTOR_PROTOCOL,
    start: () => null,
    on: {
      run: async (_state, request, { signal }) => {
        const { results, failures } = await scatter(parts.activeAgents(), {
          limit: request.maxConcurrent,
          itemTimeoutMs: parts.itemTimeoutMs,
          deadlineMs: request.deadlineMs,
          signal,
          nameOf: (agent) => agent,
          attempt: async (agent, timeoutMs, itemSignal) => {
            const { body } = await askAgent(parts.access, agent, 'profile', {}, timeoutMs, itemSignal);
            const parsed = AGENT_PROTOCOL.profile.reply.safeParse(body);
            if (!parsed.success)
              throw new VigilError(
                'BAD_REPLY',
                `the actor's answer is not a profile: ${parsed.error.issues[0]?.message}`,
              );
            return parsed.data;
          },
        });
        // In order of id, so that the same fleet gives the same report whatever order the answers came in.
        const profiles = results.sort((a, b) => (a.agent < b.agent ? -1 : 1));
        const report = await parts.judge(profiles, signal);
        await parts.record(request.requestId, report);
        return { failures };
      },
    },
  };
}
