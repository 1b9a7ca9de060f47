import type { AgentEvent, Tokens } from '../messages/agent-event.js';
import type { TrajectoryAnalysis } from '../messages/analysis.js';
import { messageOf } from '../messages/errors.js';
import type { Completion, CompletionRequest } from '../messages/llm.js';
import { bounded, readVerdict } from './model-verdict.js';
import { buildPrompt, type PromptLimits } from './prompt.js';

export type Complete = (request: CompletionRequest, signal: AbortSignal) => Promise<Completion>;

/**
 * Asks the model for its verdict on top of the rules'. An invalid answer is repaired once; whatever goes wrong after
 * that, the rules' verdict stands and says so in its notes.
 *
 * @param recent newest events, oldest first.
 */
export async function judgeByModel(
  rules: TrajectoryAnalysis,
  recent: readonly AgentEvent[],
  limits: PromptLimits,
  complete: Complete,
  signal: AbortSignal,
): Promise<TrajectoryAnalysis> {
  const spent: Tokens = { input: 0, output: 0 };
  const ask = async (request: CompletionRequest) => {
    const completion = await complete(request, signal);
    spent.input += completion.usage.input;
    spent.output += completion.usage.output;
    return completion.text;
  };
  const request = buildPrompt(rules.agent, rules, recent, limits);
  const shown = new Set(recent.map(({ index }) => index));
  try {
    const text = await ask(request);
    const first = readVerdict(text);
    if (!('problem' in first)) return bounded(rules, first, shown, spent);
    const second = readVerdict(await ask(repair(request, text, first.problem)));
    if (!('problem' in second)) return bounded(rules, second, shown, spent);
    return withNote(rules, spent, `the model's answer did not fit (${second.problem.slice(0, 200)})`);
  } catch (error) {
    return withNote(rules, spent, messageOf(error));
  }
}

const MAX_QUOTED = 2_000;

function repair(request: CompletionRequest, answer: string, problem: string): CompletionRequest {
  return {
    ...request,
    messages: [
      ...request.messages,
      { role: 'assistant', content: answer.slice(0, MAX_QUOTED) },
      {
        role: 'user',
        content: `That answer does not fit the schema: ${problem}. Answer again with the JSON object only.`,
      },
    ],
  };
}

function withNote(rules: TrajectoryAnalysis, spent: Tokens, why: string): TrajectoryAnalysis {
  const note = `judged by the rules alone: ${why}`;
  const judgeUsage = spent.input + spent.output === 0 ? {} : { judgeUsage: spent };
  return { ...rules, ...judgeUsage, notes: [...(rules.notes ?? []), note] };
}
