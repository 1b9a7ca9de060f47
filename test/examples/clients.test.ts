import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import { findServer } from '../../src/broker/find-server.js';
import { testFolder } from '../folder.js';
import { cleanEnvironment, ROOT, run, vigil } from '../system/processes.js';

t.setTimeout(120_000);

const VERDICTS = /ctf-eps 0\.\d+ loop\n/;
const END = /8 analysed, 0 failed\n$/;

t.test('examples/client.mjs as the README runs it', async (t) => {
  const cwd = testFolder(t);
  const supervisor = vigil(t, ['start'], { cwd, env: { VIGIL_CYCLE_INTERVAL_MS: '0' } });
  const [, url = ''] = /(nats:\/\/\S+),/.exec(await supervisor.says(/^Watching\./)) ?? [];
  const args = ['.vigil/keys/client.nk', url];
  const { code, stdout, stderr } = await run(t, join(ROOT, 'examples/client.mjs'), args, { cwd }).finished();
  t.equal(code, 0, stderr);
  t.match(stdout, VERDICTS);
  t.match(stdout, END);
});

function hasPython(): boolean {
  try {
    execFileSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 10))']);
    return true;
  } catch {
    return false;
  }
}

/** A broker of one's own, with user and password. @returns its address. */
async function ownBroker(t: Test, folder: string): Promise<string> {
  const program = await findServer(undefined, join(ROOT, 'bin'));
  if (program === undefined) throw new Error('this test needs nats-server in PATH or /usr/sbin');
  const args = ['-a', '127.0.0.1', '-p', '-1', '-js', '-sd', folder, '--user', 'me', '--pass', 's:cret/1'];
  const server = spawn(program.path, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  t.teardown(async () => {
    server.kill('SIGKILL');
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
  });
  for await (const line of createInterface({ input: server.stderr })) {
    const port = /Listening for client connections on 127\.0\.0\.1:(\d+)/.exec(line)?.[1];
    if (port !== undefined) return `nats://me:s%3Acret%2F1@127.0.0.1:${port}`;
  }
  throw new Error('nats-server ended at start');
}

const noPython = hasPython() || process.env['CI'] !== undefined ? false : 'no python3 of 3.10 or newer';
t.test('examples/plain_socket.py at a broker with a password', { skip: noPython }, async (t) => {
  const cwd = testFolder(t);
  const url = await ownBroker(t, join(cwd, 'jetstream'));
  const env = { VIGIL_CYCLE_INTERVAL_MS: '0', VIGIL_NATS_URL: url };
  await vigil(t, ['start'], { cwd, env }).says(/^Watching\./);
  const child = spawn('python3', [join(ROOT, 'examples/plain_socket.py'), url], { env: cleanEnvironment() });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  t.teardown(() => {
    child.kill('SIGKILL');
  });
  const [code] = await once(child, 'close');
  t.equal(code, 0, said);
  t.match(said, /^accepted as \d+\n/m);
  t.match(said, VERDICTS);
  t.match(said, END);
});

t.test('examples/client.py is the program that the guide shows', { skip: noPython }, async (t) => {
  const source = join(ROOT, 'examples/client.py');
  execFileSync('python3', ['-c', `import ast; ast.parse(open(${JSON.stringify(source)}).read())`]);
  t.pass('Python reads it; it needs nats-py, which these tests do not install');
});
