import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Authenticator, connect, type NatsConnection, nkeyAuthenticator } from 'nats';
import { findServer } from '../../src/broker/find-server.js';
import { type Role, roleKeys } from '../../src/broker/keys.js';
import { BrokerServer } from '../../src/broker/server.js';

interface Test {
  teardown(action: () => void | Promise<void>): void;
}

/** A broker that is not started yet, on the files of that data directory; ended with the test. */
export async function serverOn(t: Test, dataDir: string, prefix = 'vigil', port = 0): Promise<BrokerServer> {
  const program = await findServer(undefined, join(dataDir, 'bin'));
  if (program === undefined) throw new Error('these tests need nats-server in PATH or /usr/sbin');
  const keys = await roleKeys(dataDir);
  const server = new BrokerServer({ program, folder: join(dataDir, 'nats'), port, prefix, keys });
  t.teardown(() => server.stop());
  return server;
}

/** Fails a test by an unhandled rejection when a broker ends that should not. */
export function unexpected(error: Error): void {
  throw error;
}

/** The key of a role, as any client reads it. */
export function keyOf(dataDir: string, role: Role): Authenticator {
  return nkeyAuthenticator(
    new TextEncoder().encode(readFileSync(join(dataDir, 'keys', `${role}.nk`), 'utf8').trim()),
  );
}

/** A plain connection with the rights of a role. */
export async function connectAs(
  t: Test,
  server: BrokerServer,
  dataDir: string,
  role: Role,
): Promise<NatsConnection> {
  const inboxPrefix = {
    supervisor: '_INBOX_supervisor',
    host: '_INBOX_host',
    client: '_INBOX',
    agent: '_INBOX_agent',
  }[role];
  const connection = await connect({
    servers: server.url,
    authenticator: keyOf(dataDir, role),
    inboxPrefix,
    reconnectTimeWait: 50,
  });
  t.teardown(() => connection.close());
  return connection;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
