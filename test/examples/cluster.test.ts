import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { connect as connectTcp, createServer } from 'node:net';
import { join } from 'node:path';
import { connect, headers, type NatsConnection } from 'nats';
import t, { type Test } from 'tap';
import { findServer } from '../../src/broker/find-server.js';
import { keyOf } from '../broker/servers.js';
import { testFolder } from '../folder.js';
import { jsonLines, ROOT, run, until, vigil } from '../system/processes.js';

/** A cluster that lost a server chooses its leaders anew within seconds, on a busy machine later. */
const WAIT_MS = 60_000;

/** Three servers, a supervisor and two hosts start on two cores. */
t.setTimeout(120_000);

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  const ports: number[] = [];
  for (const server of servers) {
    if (!server.listening) await once(server, 'listening');
    const address = server.address();
    ports.push(typeof address === 'object' && address !== null ? address.port : 0);
  }
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

interface Replicated {
  readonly cluster?: { readonly leader?: string; readonly replicas?: readonly { current: boolean }[] };
}

async function infoOf(nc: NatsConnection, stream: string): Promise<Replicated | undefined> {
  try {
    return (await nc.request(`$JS.API.STREAM.INFO.${stream}`, '', { timeout: 2_000 })).json();
  } catch {
    // No leader yet: asked again.
    return undefined;
  }
}

async function startNode(t: Test, program: string, folder: string, name: string) {
  const node = spawn(program, ['-c', join(folder, `${name}.conf`)], { cwd: folder, stdio: 'ignore' });
  t.teardown(async () => {
    if (node.exitCode !== null || node.signalCode !== null) return;
    node.kill('SIGKILL');
    await once(node, 'exit');
  });
  return node;
}

t.test(
  'a cluster of three, two machines with keys of their own: one server is killed, the work goes on',
  async (t) => {
    const cwd = testFolder(t);
    const folder = join(cwd, 'cluster');
    const ports = await freePorts(6);
    const nodes = [0, 1, 2].map((i) => `127.0.0.1:${ports[i]}:${ports[i + 3]}`);
    const make = join(ROOT, 'examples/cluster/make.mjs');
    const args = [folder, ...nodes.flatMap((node) => ['--node', node]), '--host', 'builder', '--host', 'gpu'];
    const made = await run(t, make, args, { cwd }).finished();
    t.equal(made.code, 0, made.stderr);

    const program = await findServer(undefined, join(ROOT, 'bin'));
    if (program === undefined) throw new Error('this test needs nats-server in PATH or /usr/sbin');
    const names = ['n1', 'n2', 'n3'];
    const servers = new Map<string, Awaited<ReturnType<typeof startNode>>>();
    for (const name of names) servers.set(name, await startNode(t, program.path, folder, name));

    const url = [0, 1, 2].map((i) => `nats://127.0.0.1:${ports[i]}`).join(',');
    const as = (key: string) => ({
      VIGIL_NATS_URL: url,
      VIGIL_NATS_NKEY_FILE: join(folder, 'keys', `${key}.nk`),
      VIGIL_NATS_CONNECT_TIMEOUT_MS: '30000',
    });
    for (const name of ['builder', 'gpu', 'supervisor']) mkdirSync(join(cwd, name));
    const supervisor = vigil(t, ['start'], {
      cwd: join(cwd, 'supervisor'),
      env: {
        ...as('supervisor'),
        VIGIL_NATS_REPLICAS: '3',
        VIGIL_HOSTS_COUNT: '0',
        VIGIL_CYCLE_INTERVAL_MS: '0',
      },
    });
    const nc = await connect({
      servers: url.split(','),
      authenticator: keyOf(folder, 'client'),
      reconnectTimeWait: 100,
      waitOnFirstConnect: true,
      maxReconnectAttempts: -1,
    });
    t.teardown(() => nc.close());
    await until(
      'the result stream with its replicas',
      async () => {
        const info = await infoOf(nc, 'VIGIL_RESULTS');
        return info?.cluster?.replicas?.length === 2 ? info : undefined;
      },
      WAIT_MS,
    );
    for (const name of ['builder', 'gpu']) {
      const host = vigil(t, ['host'], {
        cwd: join(cwd, name),
        env: { ...as(`host-${name}`), VIGIL_HOSTS_LABEL: name },
      });
      await host.says(new RegExp(`^host ${name}-`));
    }
    await supervisor.says(/^Watching\./);

    const leader = (await infoOf(nc, 'VIGIL_RESULTS'))?.cluster?.leader ?? '';
    const lost = servers.get(leader);
    if (lost === undefined) throw new Error(`${leader} leads the results, and is no server of this cluster`);
    lost.kill('SIGKILL');
    await once(lost, 'exit');

    const own = headers();
    own.set('Nats-Msg-Id', 'after-the-loss');
    await until(
      'the trigger is acknowledged',
      () =>
        nc
          .jetstream()
          .publish('vigil.trigger.analyze', '{"force": true}', { headers: own, timeout: 2_000 })
          .then(
            () => true,
            () => undefined,
          ),
      WAIT_MS,
    );
    const log = join(cwd, 'supervisor/.vigil/logs/supervisor.log');
    await until(
      'the request is through',
      () =>
        jsonLines(readFileSync(log, 'utf8')).find(
          ({ request, msg }) => request === 'after-the-loss' && msg === 'request finished',
        ),
      WAIT_MS,
    );
    // The same id: the result that is on record.
    const reply = await until(
      'the result',
      () =>
        nc
          .request('vigil.rpc.analyze', '{"force": true}', { headers: own, timeout: 5_000 })
          .catch(() => undefined),
      WAIT_MS,
    );
    const final = reply.json<{ requestId: string; items: unknown[]; failures: unknown[] }>();
    t.equal(final.requestId, 'after-the-loss');
    t.equal(final.items.length, 8);
    t.same(final.failures, []);
    // A host whose lease ran out while the servers chose a leader is back with its next renewal.
    const status = await until(
      'both hosts in the fleet',
      async () => {
        const reply = await nc.request('vigil.rpc.status', '{}', { timeout: 10_000 });
        const seen = reply.json<{ hosts: unknown[]; agents: { unplaced: number } }>();
        return seen.hosts.length === 2 && seen.agents.unplaced === 0 ? seen : undefined;
      },
      WAIT_MS,
    );
    t.match(status, { hosts: [{ agents: Number }, { agents: Number }], agents: { unplaced: 0 } });
  },
);

/** A plain TCP client that takes itself for a server of the cluster, and asks for every subject. */
async function forgeRoute(t: Test, port: number, user: object) {
  const socket = connectTcp(port, '127.0.0.1').setEncoding('utf8');
  t.teardown(() => socket.destroy());
  const route = { got: '', closed: false };
  socket.on('data', (text: string) => {
    route.got += text;
  });
  // A server that hangs up on what is still being written resets the connection.
  socket.on('error', () => {});
  socket.on('close', () => {
    route.closed = true;
  });
  await once(socket, 'connect');
  const name = 'FORGED';
  const own = {
    server_id: name,
    server_name: name,
    host: '127.0.0.1',
    headers: true,
    proto: 1,
    cluster: 'vigil',
  };
  socket.write(
    `CONNECT ${JSON.stringify({ verbose: false, pedantic: false, name, ...user, cluster: 'vigil', headers: true })}\r\n` +
      `INFO ${JSON.stringify(own)}\r\n` +
      'RS+ $G vigil.>\r\n' +
      'RMSG $G forged.word 4\r\nevil\r\n',
  );
  return route;
}

t.test('who reaches the cluster port without its secret reads and writes nothing', async (t) => {
  const cwd = testFolder(t);
  const folder = join(cwd, 'cluster');
  const [port = 0, clusterPort = 0] = await freePorts(2);
  const make = join(ROOT, 'examples/cluster/make.mjs');
  const args = [folder, '--node', `127.0.0.1:${port}:${clusterPort}`, '--host', 'builder'];
  const conf = join(folder, 'n1.conf');
  const secretFile = join(folder, 'keys/route.secret');
  const secrets: string[] = [];
  for (let i = 0; i < 2; i++) {
    const made = await run(t, make, args, { cwd }).finished();
    t.equal(made.code, 0, made.stderr);
    for (const file of [conf, secretFile]) t.equal(statSync(file).mode & 0o777, 0o600, file);
    secrets.push(readFileSync(secretFile, 'utf8').trim());
  }
  t.equal(secrets[0], secrets[1], 'made once');
  t.match(secrets[0], /^[0-9a-f]{64}$/);

  const program = await findServer(undefined, join(ROOT, 'bin'));
  if (program === undefined) throw new Error('this test needs nats-server in PATH or /usr/sbin');
  await startNode(t, program.path, folder, 'n1');
  const nc = await connect({
    servers: `127.0.0.1:${port}`,
    authenticator: keyOf(folder, 'supervisor'),
    reconnectTimeWait: 100,
    waitOnFirstConnect: true,
    maxReconnectAttempts: -1,
  });
  t.teardown(() => nc.close());
  const heard: string[] = [];
  nc.subscribe('forged.word', { callback: (_error, message) => heard.push(message.string()) });
  await nc.flush();
  /** Until it was hung up on, or has got a message. */
  const outcome = (route: { got: string; closed: boolean }) =>
    until('the end of the route, or what it reads', async () => {
      nc.publish('vigil.trigger.analyze', 'SECRET-WORD');
      await nc.flush();
      return route.closed || route.got.includes('SECRET-WORD');
    });

  for (const user of [{}, { user: 'route', pass: 'guessed' }]) {
    const route = await forgeRoute(t, clusterPort, user);
    await outcome(route);
    await nc.flush();
    t.match(route.got, /Authorization Violation/);
    t.notMatch(route.got, /SECRET-WORD|RS\+/);
    t.same(heard, []);
  }
  // The same with the secret: what was refused above would have been taken.
  const route = await forgeRoute(t, clusterPort, { user: 'route', pass: secrets[0] });
  await outcome(route);
  t.match(route.got, /SECRET-WORD/);
  await until('its message', () => heard.length > 0);
});
