import type { Attributes } from '@opentelemetry/api';
import { errorType, inSpan } from '../actors/runtime/trace.js';
import type { Tokens } from '../messages/agent-event.js';
import type { CompletionRequest, ModelCall } from '../messages/llm.js';
import { ATTRIBUTES, SPANS } from '../messages/telemetry.js';

/** Names of the conventions for servers that speak the OpenAI protocol, by the end of their host name. */
const PROVIDERS: readonly (readonly [string, string])[] = [
  ['anthropic.com', 'anthropic'],
  ['openai.azure.com', 'azure.ai.openai'],
  ['googleapis.com', 'gcp.gemini'],
  ['groq.com', 'groq'],
  ['deepseek.com', 'deepseek'],
  ['mistral.ai', 'mistral_ai'],
  ['perplexity.ai', 'perplexity'],
  ['x.ai', 'x_ai'],
];

/** Whom a client asks, and what of it may be told. */
export interface ChatServer {
  readonly url: URL;
  readonly provider: string;
  readonly model: string;
  /** Put questions and answers into the spans. */
  readonly content: boolean;
}

/** What the server said about its answer. */
export interface ChatAnswer {
  readonly id: string | undefined;
  readonly model: string | undefined;
  readonly finishReason: string | undefined;
  /** Input tokens that the server had in its cache. */
  readonly cachedTokens: number | undefined;
  readonly text: string;
  readonly usage: Tokens;
}

/** A server that the conventions have no name for is called by its protocol, as they say. */
export function providerOf(url: URL): string {
  const found = PROVIDERS.find(([end]) => url.hostname === end || url.hostname.endsWith(`.${end}`));
  return found?.[1] ?? 'openai';
}

/**
 * Runs one call as a client span of the conventions, and tells how it ended.
 *
 * @param action is given what to call with the answer, useful or not.
 */
export async function inChatSpan<T>(
  server: ChatServer,
  request: CompletionRequest,
  called: (call: ModelCall) => void,
  action: (answered: (answer: ChatAnswer) => void) => Promise<T>,
): Promise<T> {
  const { provider, model } = server;
  const startedAt = performance.now();
  let usage: Tokens = { input: 0, output: 0 };
  const ended = (error?: string) =>
    called({
      provider,
      model,
      seconds: (performance.now() - startedAt) / 1_000,
      usage,
      ...(error === undefined ? {} : { errorType: error }),
    });
  const spec = {
    name: `${SPANS.chat} ${model}`,
    kind: 'client' as const,
    attributes: requestAttributes(server, request),
  };
  return inSpan(spec, async (span) => {
    try {
      const result = await action((answer) => {
        usage = answer.usage;
        span?.setAttributes(answerAttributes(server, answer));
      });
      ended();
      return result;
    } catch (error) {
      ended(errorType(error));
      throw error;
    }
  });
}

function requestAttributes(
  { url, provider, model, content }: ChatServer,
  request: CompletionRequest,
): Attributes {
  return {
    [ATTRIBUTES.operation]: SPANS.chat,
    [ATTRIBUTES.provider]: provider,
    [ATTRIBUTES.requestModel]: model,
    [ATTRIBUTES.maxTokens]: request.maxTokens,
    [ATTRIBUTES.temperature]: 0,
    [ATTRIBUTES.outputType]: 'json',
    [ATTRIBUTES.agent]: request.agent,
    [ATTRIBUTES.serverAddress]: url.hostname,
    [ATTRIBUTES.serverPort]: Number(url.port) || (url.protocol === 'http:' ? 80 : 443),
    ...(content
      ? {
          [ATTRIBUTES.inputMessages]: JSON.stringify(
            request.messages.map(({ role, content }) => part(role, content)),
          ),
        }
      : {}),
  };
}

function answerAttributes({ content }: ChatServer, answer: ChatAnswer): Attributes {
  const { id, model, finishReason, cachedTokens, text, usage } = answer;
  return {
    [ATTRIBUTES.inputTokens]: usage.input,
    [ATTRIBUTES.outputTokens]: usage.output,
    ...(id === undefined ? {} : { [ATTRIBUTES.responseId]: id }),
    ...(model === undefined ? {} : { [ATTRIBUTES.responseModel]: model }),
    ...(finishReason === undefined ? {} : { [ATTRIBUTES.finishReasons]: [finishReason] }),
    ...(cachedTokens === undefined ? {} : { [ATTRIBUTES.cacheReadTokens]: cachedTokens }),
    ...(content ? { [ATTRIBUTES.outputMessages]: JSON.stringify([part('assistant', text)]) } : {}),
  };
}

function part(role: string, content: string) {
  return { role, parts: [{ type: 'text', content }] };
}
