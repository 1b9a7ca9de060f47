import type { Verdict } from '../actors/guardian.js';
import type { Fleet } from '../actors/placement/fleet.js';
import type { Bus } from '../actors/runtime/bus.js';
import type { TrajectoryAnalysis } from '../messages/analysis.js';
import type { UsageMark, UsageRow } from '../messages/cost.js';
import { newId } from '../messages/ids.js';
import type {
  AgentResumed,
  AgentWaiting,
  AnalysisResult,
  HostJoined,
  HostLost,
} from '../messages/results.js';
import type { Subjects } from '../messages/subjects.js';
import type { Store } from '../store/store.js';
import { noteEffects } from './steering-effects.js';

export interface Publishing {
  readonly store: Store;
  readonly subjects: Subjects;
  wakeOutbox(): void;
  failed(error: unknown): void;
}

/** Puts on record what an agent has used. */
export interface UsageNotes {
  /** Inside a transaction. */
  note(agent: string, usage: readonly UsageRow[], now: number): void;
  /** What was noted is on the disk. */
  noted(agent: string, mark: UsageMark): void;
}

export interface VerdictParts {
  readonly costs: UsageNotes;
  /** Whether something newer is known of the agent by now. */
  isOvertaken(analysis: TrajectoryAnalysis): boolean;
}

/**
 * Records one verdict, what the agent has used and where it works, and, unless the log had not changed, its message, in one transaction.
 *
 * @returns when both are on the disk.
 */
export async function recordVerdict(
  { store, subjects, wakeOutbox }: Omit<Publishing, 'failed'>,
  verdict: Verdict,
  { costs, isOvertaken }: VerdictParts,
): Promise<void> {
  const { requestId, analysis, unchanged, epoch, host, startedAt, usage, usageMark, place } = verdict;
  await store.write(() => {
    const at = Date.now();
    costs.note(analysis.agent, usage, at);
    if (place !== null) store.places.put(analysis.agent, place, at);
    if (!store.verdicts.addAnalysis({ requestId, analysis, at, epoch, host, unchanged }) || unchanged) return;
    const result: AnalysisResult = {
      requestId,
      startedAt: new Date(startedAt).toISOString(),
      finishedAt: new Date(at).toISOString(),
      analysis,
    };
    store.outbox.add(`${requestId}.${analysis.agent}`, subjects.analysisResult(analysis.agent), result);
    noteEffects(store, subjects, analysis, at);
    const { agent, needsSteering, steeringType, summary, recommendation } = analysis;
    // The end of its log, which was looked at since, or a hook knows better.
    if (isOvertaken(analysis)) return;
    const waits = needsSteering && steeringType === 'waiting';
    noteWaiting(store, subjects, { agent, waits, summary, recommendation, requestId }, at);
  });
  if (usageMark !== undefined) costs.noted(analysis.agent, usageMark);
  wakeOutbox();
}

/** Whether an agent waits for a person, by a verdict or by the end of its log. */
export interface Wait {
  readonly agent: string;
  readonly waits: boolean;
  readonly summary: string;
  readonly recommendation?: string | undefined;
  /** Of the verdict. */
  readonly requestId?: string | undefined;
}

/** Tells once that an agent waits for a person, and once that it has gone on. Inside a transaction. */
export function noteWaiting(
  store: Store,
  subjects: Subjects,
  { agent, waits, summary, recommendation, requestId }: Wait,
  now: number,
): void {
  const head = { at: new Date(now).toISOString(), agent, ...(requestId === undefined ? {} : { requestId }) };
  const id = requestId ?? newId();
  if (waits) {
    if (!store.interventions.startWaiting(agent, now)) return;
    const body: AgentWaiting = {
      ...head,
      summary,
      ...(recommendation === undefined ? {} : { recommendation }),
    };
    store.outbox.add(`${id}.${agent}.waiting`, subjects.agentEvent(agent, 'waiting'), body);
    return;
  }
  const since = store.interventions.endWaiting(agent);
  if (since === undefined) return;
  const body: AgentResumed = { ...head, waitedMs: Math.max(0, now - since) };
  store.outbox.add(`${id}.${agent}.resumed`, subjects.agentEvent(agent, 'resumed'), body);
}

/** Publishes hosts that join and are lost; asks that wait for a lost one fail now and are asked anew. */
export function announceHosts(fleet: Fleet, bus: Bus, publishing: Publishing): void {
  const { store, subjects, wakeOutbox, failed } = publishing;
  const now = () => new Date().toISOString();
  const publish = (host: string, state: 'joined' | 'lost', body: HostJoined | HostLost) => {
    store
      .write(() => store.outbox.add(`host-${newId()}`, subjects.hostEvent(host, state), body))
      .then(wakeOutbox, failed);
  };
  fleet.on('hostJoined', ({ id, pid, label }) => publish(id, 'joined', { at: now(), host: id, pid, label }));
  fleet.on('hostLost', ({ id }, why, agents) => {
    const subjectsLost = new Set([...agents].map((agent) => subjects.actor('agent', agent)));
    bus.abandon((subject) => subjectsLost.has(subject), `host ${id} is lost: ${why}`);
    publish(id, 'lost', { at: now(), host: id, why, agents: agents.size });
  });
}
