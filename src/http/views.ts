import type { LogFormat, Tokens } from '../messages/agent-event.js';
import type { AgentRecord } from '../messages/agents.js';
import type { CoherenceReport, LastAction, TrajectoryAnalysis } from '../messages/analysis.js';
import type { Intervention } from '../messages/interventions.js';
import type { ReplyOf, Status } from '../messages/requests.js';

/** What the pages are made from: the answers of `/api`. Times are ISO unless said otherwise. */

/** A new verdict, as `/events` carries it. */
export interface VerdictLine {
  readonly agent: string;
  readonly at: string;
  readonly phase: string;
  readonly alignmentScore: number;
  readonly needsSteering: boolean;
  readonly steeringType?: string | undefined;
  readonly summary: string;
  readonly lastAction?: LastAction | undefined;
  readonly format?: LogFormat | undefined;
  readonly usage?: Tokens | undefined;
}

/** An agent in the list. */
export interface FleetRow
  extends Pick<AgentRecord, 'id' | 'host' | 'label' | 'status' | 'lastAnalysis' | 'place' | 'spend'> {
  /** First 160 characters. */
  readonly goal: string;
  readonly paused: boolean;
  readonly escalated: boolean;
  readonly level: AgentRecord['health']['level'];
  readonly summary: string;
  /** Latest alignment scores in hundredths, oldest first. */
  readonly trend: readonly number[];
  readonly lastAction: LastAction | undefined;
  readonly format: LogFormat | undefined;
  /** Tokens used. */
  readonly usage: Tokens | undefined;
  /** On record, by Vigil or by a person. */
  readonly restarts: number;
}

/** `/api/fleet`. */
export interface FleetAnswer {
  readonly at: string;
  readonly agents: readonly FleetRow[];
  /** Interventions that wait for a person's decision, newest first. */
  readonly pending: readonly Intervention[];
}

/** `/api/agents/<id>`. */
export interface AgentAnswer {
  readonly at: string;
  readonly record: AgentRecord;
  readonly analysis: { readonly at: string; readonly verdict: TrajectoryAnalysis } | null;
  /** Verdicts over time, oldest first: epoch milliseconds, score, type of the trouble. */
  readonly points: readonly (readonly [number, number, string | null])[];
  readonly interventions: readonly Intervention[];
}

/** `/api/coherence`. */
export interface CoherenceAnswer {
  readonly at: string;
  readonly latest: { readonly at: string; readonly report: CoherenceReport } | null;
  /** Epoch milliseconds and score, oldest first. */
  readonly points: readonly (readonly [number, number])[];
}

/** `/api/system`. */
export interface SystemAnswer {
  readonly at: string;
  readonly status: Status;
  readonly browsers: number;
  readonly memoryBytes: number;
}

/** `/api/tasks`. */
export interface TasksAnswer {
  readonly at: string;
  /** Of the open tasks; at most 500 are drawn. */
  readonly graph: ReplyOf<'tasks.graph'>;
  /** What can be begun now, best first. */
  readonly ready: ReplyOf<'tasks.ready'>['tasks'];
}
