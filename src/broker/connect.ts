import { readFileSync } from 'node:fs';
import {
  type Authenticator,
  type ConnectionOptions,
  connect,
  credsAuthenticator,
  ErrorCode,
  type NatsConnection,
  NatsError,
  nkeyAuthenticator,
} from 'nats';
import { messageOf, VigilError } from '../messages/errors.js';
import { withoutPasswords } from '../settings/redact.js';
import { readSeed } from './keys.js';

export interface ConnectSettings {
  /** nats://[user:password@]host:port, several separated by commas. */
  readonly url: string;
  readonly nkeyFile?: string | undefined;
  readonly credsFile?: string | undefined;
  readonly connectTimeoutMs: number;
  readonly pingIntervalMs: number;
}

const PINGS_UNANSWERED = 2;

/**
 * Connects, and stays so: after the first success it reconnects for ever, with jitter.
 *
 * @param name shown by the server's monitoring.
 * @param inboxPrefix this process's own.
 * @throws VigilError BROKER with the server, the reason and the mend; BAD_REQUEST when the URL is none.
 */
export async function connectBroker(
  settings: ConnectSettings,
  name: string,
  inboxPrefix: string,
): Promise<NatsConnection> {
  const access = { ...serversOf(settings.url), ...authenticatorOf(settings) };
  try {
    return await connect({
      ...access,
      name,
      inboxPrefix,
      timeout: settings.connectTimeoutMs,
      pingInterval: settings.pingIntervalMs,
      maxPingOut: PINGS_UNANSWERED,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
      reconnectJitter: 200,
      // Else each request takes two stacks along for the case that it fails.
      noAsyncTraces: true,
    });
  } catch (error) {
    throw new VigilError('BROKER', reasonOf(error, withoutPasswords(settings.url)), { cause: error });
  }
}

/** How long what is under way may still go out. */
const DRAIN_MS = 2_000;

/** Sends what waits and disconnects; from a broker that does not answer, without waiting for it. */
export async function endConnection(connection: NatsConnection): Promise<void> {
  let late: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    late = setTimeout(resolve, DRAIN_MS);
  });
  try {
    // A drain that fails has nobody to send to; closing is all that is left either way.
    await Promise.race([connection.drain().catch(() => connection.close()), deadline]);
  } finally {
    clearTimeout(late);
    await connection.close();
  }
}

function reasonOf(error: unknown, url: string): string {
  if (error instanceof NatsError && error.isAuthError()) {
    return `the broker at ${url} refused the credentials; set nats.nkeyFile or nats.credsFile (VIGIL_NATS_NKEY_FILE, VIGIL_NATS_CREDS_FILE) to ones it knows`;
  }
  if (error instanceof NatsError && error.code === ErrorCode.Timeout) {
    return `the broker at ${url} did not answer in time`;
  }
  return `no broker at ${url} (${messageOf(error)}); start one there, or unset nats.url and Vigil starts its own`;
}

/** The client takes user and password as options, not in the URL. */
function serversOf(url: string): Pick<ConnectionOptions, 'servers' | 'user' | 'pass'> {
  const parsed = url.split(',').map(parseUrl);
  const servers = parsed.map((each) => each.host);
  const [first] = parsed;
  if (first === undefined || first.username === '') return { servers };
  return { servers, user: decodeURIComponent(first.username), pass: decodeURIComponent(first.password) };
}

function parseUrl(text: string): URL {
  const whole = text.includes('://') ? text.trim() : `nats://${text.trim()}`;
  if (URL.canParse(whole)) {
    const url = new URL(whole);
    if (url.host !== '') return url;
  }
  throw new VigilError(
    'BAD_REQUEST',
    `nats.url: expected nats://host:port, got ${JSON.stringify(withoutPasswords(text).slice(0, 80))}`,
  );
}

function authenticatorOf({ nkeyFile, credsFile }: ConnectSettings): { authenticator?: Authenticator } {
  const file = nkeyFile ?? credsFile;
  if (file === undefined) return {};
  try {
    const authenticator =
      nkeyFile === undefined ? credsAuthenticator(readFileSync(file)) : nkeyAuthenticator(readSeed(file));
    // Signs once for nothing: what is no key is named here, and not as a server that refuses.
    authenticator('nonce');
    return { authenticator };
  } catch (error) {
    throw new VigilError(
      'BROKER',
      `credentials in ${file} cannot be used (${messageOf(error)}); set nats.nkeyFile or nats.credsFile to a file that can`,
      { cause: error },
    );
  }
}
