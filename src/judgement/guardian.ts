import type { Evidence, LastAction, TrajectoryAnalysis } from '../messages/analysis.js';
import { phaseOf } from './context.js';
import { displayGoal } from './goal.js';
import { recommend } from './recommendation.js';
import { RULES } from './rules/all.js';
import { alignmentScore, leading, steeringType } from './score.js';
import type { Step } from './step.js';
import { DEFAULT_THRESHOLDS, RULE_NAMES, type Thresholds } from './thresholds.js';
import type { Trajectory } from './trajectory.js';
import { type View, viewOf } from './view.js';

// The guardian's two answers about an agent, its verdict and its profile, are found in one place.
export { profile } from './profile.js';

export interface Assessment {
  /** Epoch milliseconds. Null, and always when not live: the time of the last event. */
  readonly now: number | null;
  /** The agent is watched as it runs. False judges a log after the fact: nothing in it stalls. */
  readonly live: boolean;
  readonly thresholds?: Thresholds;
}

/** The rules' verdict on an agent at one moment. Deterministic; changes nothing. */
export function assess(trajectory: Trajectory, assessment: Assessment): TrajectoryAnalysis {
  const { live, thresholds = DEFAULT_THRESHOLDS } = assessment;
  const view = viewOf(trajectory, live ? assessment.now : null, live);
  const evidence = check(view, thresholds);
  const type = steeringType(evidence, thresholds);
  const score = alignmentScore(evidence, trajectory.focus);
  const analysis: TrajectoryAnalysis = {
    agent: trajectory.agent,
    phase: phaseOf(trajectory.context, isFinished(view, evidence)),
    aligned: score >= thresholds.alignedAt,
    alignmentScore: score,
    needsSteering: type !== undefined,
    summary: '',
    goal: displayGoal(trajectory.context.goal),
    constraints: trajectory.context.constraints.map(({ text }) => text),
    evidence,
    judge: 'rules',
    eventCount: trajectory.eventCount,
    sessionSeconds: sessionSeconds(trajectory),
  };
  const lastEventAt = isoTime(trajectory.lastAt);
  if (lastEventAt !== undefined) analysis.lastEventAt = lastEventAt;
  const call = lastCall(trajectory);
  if (call !== undefined) analysis.lastAction = actionOf(call);
  if (type === 'waiting') analysis.waitsFor = trajectory.prompt === undefined ? 'input' : 'permission';
  if (type !== undefined) {
    analysis.steeringType = type;
    analysis.recommendation = recommend(type, leading(evidence, type), trajectory);
  }
  if (trajectory.tokens.input + trajectory.tokens.output > 0) analysis.usage = { ...trajectory.tokens };
  analysis.summary = summarise(view, analysis, call);
  return analysis;
}

/** What each rule found, those that are switched off left out. */
function check(view: View, thresholds: Thresholds): Evidence[] {
  if (view.trajectory.eventCount === 0) return [];
  return RULE_NAMES.filter((name) => !thresholds.off.includes(name)).flatMap((name) => {
    const found = RULES[name].check(view, thresholds);
    return found === undefined ? [] : [found];
  });
}

/**
 * Finished by its own account, or at rest after a closing message that asks nothing: logs of interactive clients have no
 * end but the last message.
 */
function isFinished(view: View, evidence: readonly Evidence[]): boolean {
  const { context, last, calls } = view.trajectory;
  // Some formats record no result of the call that ends the session.
  if (context.ended !== undefined || view.open?.action === 'finish') return true;
  if (last !== 'message' || calls === 0 || evidence.some(({ type }) => type === 'waiting')) return false;
  return view.settled;
}

function sessionSeconds(trajectory: Trajectory): number {
  if (trajectory.firstAt === null || trajectory.lastAt === null) return 0;
  return Math.max(0, Math.round((trajectory.lastAt - trajectory.firstAt) / 1000));
}

function lastCall({ steps }: Trajectory): Step | undefined {
  return steps.findLast((step) => step.kind === 'call');
}

function actionOf({ tool, label, at, result, failed, rejected }: Step): LastAction {
  const outcome = result < 0 ? 'open' : rejected ? 'refused' : failed ? 'failed' : 'ok';
  const time = isoTime(at);
  return { tool, text: label, outcome, ...(time === undefined ? {} : { at: time }) };
}

/** Undefined for a time that is none: a log may state one. */
function isoTime(at: number | null): string | undefined {
  const time = new Date(at ?? Number.NaN);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

/** One line: the phase, the latest act and how it went. */
function summarise(view: View, analysis: TrajectoryAnalysis, call: Step | undefined): string {
  const { context, calls, failures, last } = view.trajectory;
  const doing =
    call === undefined
      ? 'no action yet'
      : `${call.result < 0 ? 'runs' : 'last did'} "${call.label}"${call.failed ? ' (failed)' : ''}`;
  const state = context.ended !== undefined ? `ended (${context.ended})` : analysis.phase;
  const idle = last === 'message' && analysis.phase !== 'finished' ? '; last said something' : '';
  return `${state}: ${doing}${idle}; ${calls} calls, ${failures} failed`;
}
