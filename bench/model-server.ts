import { once } from 'node:events';
import { createServer, type Server } from 'node:http';

/** An HTTP server that speaks the OpenAI protocol and takes `ms` over each answer. */
export async function startModelServer(ms: number): Promise<{ url: string; stop(): void; peak(): number }> {
  const verdict = {
    summary: 'works',
    phase: 'implementing',
    alignmentScore: 1,
    needsSteering: false,
    steeringType: null,
    recommendation: null,
    events: [],
  };
  const body = JSON.stringify({
    id: 'c',
    object: 'chat.completion',
    created: 0,
    model: 'bench',
    choices: [
      { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: JSON.stringify(verdict) } },
    ],
    usage: { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 },
  });
  let inFlight = 0;
  let peak = 0;
  const server: Server = createServer((request, response) => {
    peak = Math.max(peak, ++inFlight);
    request.resume();
    setTimeout(() => {
      inFlight--;
      response.setHeader('content-type', 'application/json');
      response.end(body);
    }, ms);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    peak: () => peak,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
