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
 * @throws VigilError BROKER with the server, the reason and the mend.
 */
export async function connectBroker(
  settings: ConnectSettings,
  name: string,
  inboxPrefix: string,
): Promise<NatsConnection> {
  const shown = settings.url.replace(/\/\/[^/@]*@/g, '//***@');
  try {
    return await connect({
      ...serversOf(settings.url),
      ...authenticatorOf(settings),
      name,
      inboxPrefix,
      timeout: settings.connectTimeoutMs,
      pingInterval: settings.pingIntervalMs,
      maxPingOut: PINGS_UNANSWERED,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
      reconnectJitter: 200,
    });
  } catch (error) {
    throw new VigilError('BROKER', `${reasonOf(error, shown)}`, { cause: error });
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
  const parsed = url.split(',').map((text) => {
    try {
      return new URL(text.includes('://') ? text.trim() : `nats://${text.trim()}`);
    } catch (error) {
      throw new VigilError(
        'BAD_REQUEST',
        `nats.url: expected nats://host:port, got ${JSON.stringify(text.slice(0, 80))}`,
        { cause: error },
      );
    }
  });
  const servers = parsed.map((each) => each.host);
  const [first] = parsed;
  if (first === undefined || first.username === '') return { servers };
  return { servers, user: decodeURIComponent(first.username), pass: decodeURIComponent(first.password) };
}

function authenticatorOf(settings: ConnectSettings): { authenticator?: Authenticator } {
  const { nkeyFile, credsFile } = settings;
  try {
    if (nkeyFile !== undefined) return { authenticator: nkeyAuthenticator(readSeed(nkeyFile)) };
    if (credsFile !== undefined) return { authenticator: credsAuthenticator(readFileSync(credsFile)) };
  } catch (error) {
    throw new VigilError('BROKER', `credentials cannot be read: ${messageOf(error)}`, { cause: error });
  }
  return {};
}
