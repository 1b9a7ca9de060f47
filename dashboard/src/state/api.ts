/** What the server said when it refused; `code` is one of Vigil's error codes. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const TIMEOUT_MS = 15_000;
/** A restart may take a minute. */
const WRITE_TIMEOUT_MS = 90_000;

export async function get<T>(path: string): Promise<T> {
  return read<T>(await fetch(path, { signal: AbortSignal.timeout(TIMEOUT_MS) }));
}

/** A request of `vigil.rpc`, by its name. */
export async function call<T>(endpoint: string, request: unknown): Promise<T> {
  const response = await fetch(`/api/rpc/${endpoint}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-vigil': '1' },
    body: JSON.stringify(request),
    signal: AbortSignal.timeout(WRITE_TIMEOUT_MS),
  });
  return read<T>(response);
}

async function read<T>(response: Response): Promise<T> {
  if (response.ok) return (await response.json()) as T;
  const refused = (await response.json().catch(() => undefined)) as
    | { error?: { code: string; message: string } }
    | undefined;
  throw new ApiError(
    refused?.error?.code ?? 'UNAVAILABLE',
    refused?.error?.message ?? `HTTP ${response.status}`,
  );
}

/** Trades the token behind the `#` for a cookie, and takes it out of the address. */
export async function openSession(): Promise<void> {
  const token = location.hash.match(/^#token=(.+)$/)?.[1];
  if (token === undefined) return;
  history.replaceState(null, '', `${location.pathname}#/`);
  await read(
    await fetch('/api/session', {
      method: 'POST',
      headers: { authorization: `Bearer ${decodeURIComponent(token)}` },
    }),
  );
}
