import { type Completion, type CompletionRequest, LLM_PROTOCOL } from '../messages/llm.js';
import { type Behaviour, Later } from './runtime/behaviour.js';

/**
 * The one actor through which the agents of all hosts reach the model, so that its bounds hold over all of them. Only
 * its process has the key.
 */
export function llmBehaviour(
  complete: (request: CompletionRequest, signal: AbortSignal) => Promise<Completion>,
): Behaviour<null, typeof LLM_PROTOCOL> {
  return {
    kind: 'llm',
    protocol: LLM_PROTOCOL,
    start: () => null,
    on: {
      complete: (_state, request) =>
        Later.of(
          (signal) => complete(request, signal),
          (completion) => completion,
        ),
    },
  };
}
