import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** What a server does with one request. */
export type Answer = (response: ServerResponse, request: unknown) => void | Promise<void>;

/** A real HTTP server that speaks as much of the OpenAI protocol as a judge needs, and misbehaves on demand. */
export class OpenAiServer {
  readonly requests: unknown[] = [];
  inFlight = 0;
  peak = 0;
  readonly #server: Server;
  readonly #script: Answer[] = [];
  #always: Answer = says(JSON.stringify(FINE));

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(t: { teardown(action: () => void): void }): Promise<OpenAiServer> {
    const server = createServer();
    const own = new OpenAiServer(server);
    server.on('request', (request, response) => void own.#handle(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => {
      server.closeAllConnections();
      server.close();
    });
    return own;
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/v1`;
  }

  /** The next requests are answered by these, in order; what comes after them as by `always`. */
  next(...answers: Answer[]): void {
    this.#script.push(...answers);
  }

  always(answer: Answer): void {
    this.#always = answer;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.inFlight++;
    this.peak = Math.max(this.peak, this.inFlight);
    response.on('close', () => this.inFlight--);
    let text = '';
    for await (const chunk of request) text += chunk;
    const body: unknown = JSON.parse(text);
    this.requests.push(body);
    await (this.#script.shift() ?? this.#always)(response, body);
  }
}

export const FINE = {
  summary: 'implements the parser',
  phase: 'implementing',
  alignmentScore: 0.9,
  needsSteering: false,
  steeringType: null,
  recommendation: null,
  events: [],
};

/** A proper completion with this text. */
export function says(text: string, message: object = {}): Answer {
  return (response) => {
    response.setHeader('content-type', 'application/json');
    response.end(completionOf(text, message));
  };
}

/** The same, a few bytes every `ms`. */
export function saysSlowly(text: string, ms: number): Answer {
  return async (response) => {
    response.setHeader('content-type', 'application/json');
    const body = completionOf(text, {});
    for (let at = 0; at < body.length; at += 40) {
      response.write(body.slice(at, at + 40));
      await new Promise((resolve) => setTimeout(resolve, ms));
    }
    response.end();
  };
}

function completionOf(text: string, message: object): string {
  return JSON.stringify({
    id: 'c1',
    object: 'chat.completion',
    created: 0,
    model: 'local-model',
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: text, ...message } }],
    usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 },
  });
}

export function status(code: number, headers: Record<string, string> = {}): Answer {
  return (response) => {
    response.writeHead(code, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify({ error: { message: `status ${code}`, type: 'error' } }));
  };
}

export function after(ms: number, answer: Answer): Answer {
  return async (response, request) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    await answer(response, request);
  };
}
