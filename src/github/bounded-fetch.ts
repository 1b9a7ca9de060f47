/** The part of `fetch` that Octokit uses. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/**
 * `fetch` whose answer is there as a whole, or not at all: within `timeoutMs`, its body included, and with at most
 * `maxBytes`. A cut body is an error here, where it can be tried again, and not half a text.
 */
export function boundedFetch(timeoutMs: number, maxBytes: number, closed: AbortSignal): Fetch {
  return async (url, init) => {
    const signal = AbortSignal.any([closed, AbortSignal.timeout(timeoutMs)]);
    try {
      const response = await fetch(url, { ...init, signal });
      const body = await wholeBody(response, maxBytes);
      const { status, statusText, headers } = response;
      const empty = status === 204 || status === 205 || status === 304;
      const whole = new Response(empty ? null : body, { status, statusText, headers });
      Object.defineProperty(whole, 'url', { value: response.url });
      return whole;
    } catch (error) {
      if (signal.aborted)
        // No AbortError: the retry plugin cannot take one.
        throw new TypeError(closed.aborted ? 'Vigil is stopping' : `no whole answer within ${timeoutMs} ms`);
      throw error;
    }
  };
}

async function wholeBody(response: Response, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += (chunk as Uint8Array).length;
    if (bytes > maxBytes) throw new TypeError(`the answer has more than ${maxBytes} bytes (github.maxBytes)`);
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks);
}
