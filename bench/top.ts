import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, nkeyAuthenticator } from 'nats';
import type { TrajectoryAnalysis } from '../src/messages/analysis.js';
import { Terminal } from '../test/cli/top/terminal.js';
import { BenchFleet } from './fleet.js';
import { print, row } from './report.js';

/**
 * `vigil top` on a pseudo-terminal of 160 by 50 with 1,000 agents, a hundred of which get a new verdict each second: what it
 * takes of a processor, how many pictures it draws, what it writes.
 *
 *   npm run bench:top -- [--json]
 */
const AGENTS = 1_000;
const PER_SECOND = 100;
const SECONDS = 15;
const SIZE = [160, 50] as const;
const MAX_FRAMES = 10;
/** Of one core. */
const MAX_SHARE = 0.25;
const EVERY_MS = 50;
/** The kernel counts processor time in hundredths of a second. */
const TICKS_PER_SECOND = 100;

const undo: (() => void | Promise<void>)[] = [];
const fleet = await BenchFleet.start({ hosts: { count: 1 }, logLevel: 'error' }, {});
try {
  const agents = Array.from({ length: AGENTS }, (_, i) => ({
    id: `agent-${i}`,
    goal: `goal ${i}`,
    logs: [],
  }));
  await fleet.client.request('vigil.rpc.agents.register', JSON.stringify({ agents }), { timeout: 60_000 });
  await sleep(5_000); // its actors are spawned meanwhile
  const { url, nkeyFile = '' } = fleet.access;
  const terminal = Terminal.open(
    { teardown: (action) => undo.push(action) },
    {
      cwd: dirname(nkeyFile),
      size: SIZE,
      args: ['top', '--nats-url', url],
      env: { VIGIL_NATS_NKEY_FILE: nkeyFile },
    },
  );
  await terminal.shows(/1000 agents/);
  const drawnOnce = terminal.sent;
  const idle = await measured(terminal, async () => sleep(5_000));
  const busy = await measured(terminal, () => verdicts(url, nkeyFile));
  print(
    row(
      `top: processor share, ${AGENTS} agents, ${PER_SECOND} changes/s`,
      busy.share,
      MAX_SHARE,
      'below',
      `${(busy.share * 100).toFixed(1)} % of one core; ${(idle.share * 100).toFixed(1)} % when nothing happens`,
    ),
  );
  print(
    row(
      'top: pictures a second over 10',
      busy.frames / MAX_FRAMES,
      1.05,
      'below',
      `${busy.frames.toFixed(1)}/s; ${idle.frames.toFixed(1)}/s when nothing happens`,
    ),
  );
  print(
    row(
      'top: bytes of a picture over a whole one',
      busy.bytes / busy.frames / drawnOnce,
      1,
      'below',
      `${Math.round(busy.bytes / busy.frames)} of ${drawnOnce} bytes`,
    ),
  );
  terminal.type('q');
  await terminal.left();
} finally {
  for (const action of undo) await action();
  await fleet.stop();
}

/** New verdicts as the supervisor publishes them, evenly over the agents. */
async function verdicts(url: string, nkeyFile: string): Promise<void> {
  const seed = readFileSync(join(dirname(nkeyFile), 'supervisor.nk'), 'utf8').trim();
  const nc = await connect({
    servers: url,
    authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)),
  });
  const each = (PER_SECOND * EVERY_MS) / 1_000;
  let next = 0;
  for (let sent = 0; sent < PER_SECOND * SECONDS; sent += each) {
    for (let i = 0; i < each; i++) {
      const at = new Date().toISOString();
      const agent = `agent-${(next * 7) % AGENTS}`;
      const analysis = verdict(agent, next++);
      const result = { requestId: `bench-${next}`, startedAt: at, finishedAt: at, analysis };
      nc.publish(`vigil.result.analysis.${agent}`, JSON.stringify(result));
    }
    await sleep(EVERY_MS);
  }
  await nc.drain();
}

function verdict(agent: string, n: number): TrajectoryAnalysis {
  return {
    agent,
    phase: 'implementing',
    aligned: true,
    alignmentScore: (n % 100) / 100,
    needsSteering: n % 5 === 0,
    ...(n % 5 === 0 ? { steeringType: 'loop' as const, recommendation: 'Try another way.' } : {}),
    summary: `implementing: last did "step ${n}"`,
    goal: 'goal',
    constraints: ['Do not touch the lock file.'],
    evidence: [],
    judge: 'rules',
    eventCount: n,
    sessionSeconds: n,
    lastAction: { tool: 'Bash', text: `make step${n} && 検査`, outcome: 'ok' },
    usage: { input: n * 1_000, output: n },
  };
}

async function measured(
  terminal: Terminal,
  work: () => Promise<void>,
): Promise<{ share: number; frames: number; bytes: number }> {
  const before = {
    cpu: cpuSeconds(terminal.pid),
    at: performance.now(),
    raw: terminal.raw.length,
    sent: terminal.sent,
  };
  await work();
  const seconds = (performance.now() - before.at) / 1_000;
  const frames = terminal.raw.slice(before.raw).split('\u001b[?2026h').length - 1;
  return {
    share: (cpuSeconds(terminal.pid) - before.cpu) / seconds,
    frames: frames / seconds,
    bytes: (terminal.sent - before.sent) / seconds,
  };
}

/** User and system time; the fields behind the program's name, which may hold spaces. */
function cpuSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
