import { resolve } from 'node:path';
import { ErrorCode, NatsError } from 'nats';
import { findServer } from '../../broker/find-server.js';
import { messageOf, VigilError } from '../../messages/errors.js';
import type { Settings } from '../../settings/schema.js';
import { Client } from '../client.js';
import { type Check, fail, ok, warn } from './check.js';

const ANSWER_MS = 5_000;
const SKEW_MS = 2_000;

/** The program that Vigil would start; an existing broker needs none. */
export async function checkServerProgram({ nats, dataDir }: Settings): Promise<Check[]> {
  if (nats.url !== undefined) return [ok('nats-server', 'not needed: nats.url names an existing broker')];
  const found = await findServer(nats.server, resolve(dataDir, 'bin'));
  if (found !== undefined) return [ok('nats-server', `${found.version.join('.')} at ${found.path}`)];
  if (nats.install) return [warn('nats-server', 'not found', 'Vigil gets one at its first start')];
  const mend = 'install it (https://nats.io/download), set nats.server to its path, or allow nats.install';
  return [fail('nats-server', 'not found', mend)];
}

/** The broker that is in use, its JetStream, and the supervisor behind it. */
export async function checkBroker(settings: Settings): Promise<Check[]> {
  let client: Client;
  try {
    client = await Client.find(settings);
  } catch (error) {
    if (!(error instanceof VigilError)) throw error;
    if (settings.nats.url === undefined && /^no supervisor runs/.test(error.message))
      return [ok('broker', 'none runs; "vigil start" starts one')];
    return [fail('broker', error.message, 'start it, or mend nats.url and the credentials')];
  }
  try {
    const checks = [ok('broker', `reached at ${client.url}, nats-server ${client.connection.info?.version}`)];
    return [...checks, await checkJetStream(client), ...(await checkSupervisor(client))];
  } finally {
    await client.close();
  }
}

async function checkJetStream({ connection }: Client): Promise<Check> {
  const mend = 'switch it on in the configuration of the broker (jetstream { store_dir: ... })';
  try {
    const manager = await connection.jetstreamManager();
    const { storage, streams } = await manager.getAccountInfo();
    return ok('JetStream', `on, ${streams} streams, ${(storage / 1_048_576).toFixed(1)} MB stored`);
  } catch (error) {
    const off = error instanceof NatsError && error.code === ErrorCode.JetStreamNotEnabled;
    return fail('JetStream', off ? 'is not enabled' : messageOf(error), mend);
  }
}

async function checkSupervisor(client: Client): Promise<Check[]> {
  const askedAt = Date.now();
  const began = performance.now();
  try {
    const { pid, version, at, health } = await client.request('status', {}, ANSWER_MS);
    // The reply is of the middle of the round trip.
    const skew = Date.parse(at) - (askedAt + (performance.now() - began) / 2);
    const checks = [ok('supervisor', `answers, version ${version}, process ${pid}`), checkSkew(skew)];
    if (health.held)
      checks.push(
        warn(
          'restarts',
          `held: ${health.unresponsive} agents are silent`,
          'look at what they share; "vigil agents resume --all" lets restarts go on',
        ),
      );
    return checks;
  } catch (error) {
    if (!(error instanceof VigilError)) throw error;
    return [
      warn(
        'supervisor',
        error.message,
        'start one with "vigil start"; look into its log, logs/supervisor.log',
      ),
    ];
  }
}

function checkSkew(skewMs: number): Check {
  const text = `${Math.abs(skewMs / 1_000).toFixed(1)} s off the supervisor's`;
  if (Math.abs(skewMs) <= SKEW_MS) return ok('clock', text);
  return warn('clock', text, 'set both clocks by NTP (timedatectl set-ntp true)');
}
