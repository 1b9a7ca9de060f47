import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Control, ControlReply, Heartbeat, OutputStream } from '../messages/agent-wire.js';
import type { AgentSpec } from '../messages/agents.js';
import { newId } from '../messages/ids.js';
import type { Settings } from '../settings/schema.js';
import type { Streams } from './agent-process.js';
import { Capture } from './capture.js';
import { type Echo, echoTo } from './echo.js';
import { type Access, within } from './fleet-session.js';
import { Input } from './input.js';
import { Instance } from './instance.js';
import { LastLines } from './last-lines.js';
import { FleetLink } from './link.js';
import { rssBytesOf, statOf } from './process-group.js';
import { RotatingFile } from './rotating-file.js';
import { AgentRunner, type RestartWhen, type RunnerEvent } from './runner.js';
import { type SteerMode, steer, Told } from './steering.js';
import { OutputUplink } from './uplink.js';

export interface RunOptions {
  readonly id: string;
  readonly goal: string | undefined;
  readonly command: readonly [string, ...string[]];
  readonly restart: RestartWhen;
  readonly steer: SteerMode;
  /** The agent's own: captured output, steering file, who runs it. */
  readonly folder: string;
  readonly settings: Settings['managed'];
  /** Ends another runner of this agent, if there is one, and goes on in its place. */
  readonly takeOver: boolean;
  /** Label of the hosts on this machine. */
  readonly label: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the fleet is now. @throws VigilError BROKER when it is not known. */
  find(): Access;
}

const STREAMS = ['stdout', 'stderr', 'session'] as const satisfies readonly OutputStream[];
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** How long the fleet may take to hear of the end. */
const FAREWELL_MS = 2_500;
/** Of a program that failed, for whoever asks why. */
const LAST_WORDS = 20;
const LAST_WORD_CHARS = 500;

/**
 * Runs a program as a managed agent, to its end.
 *
 * @returns the exit code to end with: the agent's own.
 * @throws VigilError CONFLICT when it is run already, NOT_FOUND when there is no such program, BAD_REQUEST when its
 *   folder cannot be written.
 */
export async function runAgent(options: RunOptions): Promise<number> {
  const { id, folder, settings, takeOver } = options;
  const instance = await Instance.claim(folder, id, settings.graceMs, takeOver);
  const files: RotatingFile[] = [];
  try {
    for (const stream of STREAMS) files.push(await RotatingFile.open(fileOptions(folder, stream, settings)));
    return await run(options, instance, files);
  } finally {
    for (const file of files) await file.close();
    await instance.release();
  }
}

async function run(options: RunOptions, instance: Instance, files: readonly RotatingFile[]): Promise<number> {
  const { id, settings } = options;
  const name = newId();
  const { batchBytes, batchLineChars: maxLineChars, replayBytes } = settings;
  const uplink = new OutputUplink({ instance: name, batchBytes, maxLineChars, replayBytes });
  const terminal = echoTo(2);
  const tell = (text: string) => void terminal.write(Buffer.from(`vigil: ${id}: ${text}\n`));
  const lastWords = new LastLines(LAST_WORDS, LAST_WORD_CHARS);
  const captures = capturesOf(
    files,
    { stdout: echoTo(1), stderr: terminal },
    uplink,
    settings,
    tell,
    lastWords,
  );
  const steerFile = join(options.folder, 'steer.txt');
  if (options.steer === 'file') await appendFile(steerFile, '', { mode: 0o600 });

  const runner: AgentRunner = new AgentRunner({
    command: {
      file: options.command[0],
      args: options.command.slice(1),
      env: {
        ...options.env,
        VIGIL_AGENT_ID: id,
        ...(options.steer === 'file' ? { VIGIL_STEER_FILE: steerFile } : {}),
      },
    },
    streams: streamsOf(captures),
    restart: options.restart,
    policy: settings.restart,
    graceMs: settings.graceMs,
    started: async (pid) => {
      lastWords.clear();
      await instance.note(pid);
      link ??= tie();
      // Nothing more comes from here, and nobody else may write: the program sees the end of its input.
      if (input.ended && options.steer !== 'stdin') runner.process?.stdin.end();
    },
    changed: () => link?.beat(),
    happened: async (event) => {
      const { text, next, quiet } = event;
      if (quiet !== true) tell(next === undefined ? text : `${text}; ${next}`);
      await captures.session.lines(sessionRecords(event));
    },
  });
  const told = (lines: readonly string[]) =>
    captures.session.lines(lines.map((text) => JSON.stringify({ role: 'user', text })));
  const input = new Input({
    source: process.stdin,
    target: async () => (await runner.nextProcess())?.stdin,
    said: told,
    maxLineChars: settings.maxLineChars,
  });
  const steered = new Told();
  // Not before there is a process: a program that does not exist is no agent.
  let link: FleetLink | undefined;
  const tie = () =>
    new FleetLink({
      agent: id,
      instance: name,
      heartbeatMs: settings.heartbeatMs,
      batchMs: settings.batchMs,
      reconnectMs: settings.reconnectMs,
      uplink,
      find: options.find,
      spec: (local) => specOf(options, local),
      heartbeat: (seq) => heartbeatOf(runner, name, seq, settings.heartbeatMs, lastWords),
      steer: ({ id, message }) =>
        steered.once(id, async () => {
          const stdin = () => runner.process?.stdin;
          const reply = await steer({ mode: options.steer, file: steerFile, stdin }, message);
          await told([message]);
          return reply;
        }),
      control: (action) => controlled(runner, action, tell),
      tell,
    });
  const endSignals = forwardSignals(runner);
  void input.follow(() => {
    if (options.steer !== 'stdin') runner.process?.stdin.end();
  });
  try {
    return await runner.run();
  } finally {
    input.close();
    if (link !== undefined) await within(FAREWELL_MS, link.close());
    endSignals();
    await terminal.write(Buffer.alloc(0));
  }
}

function fileOptions(folder: string, stream: OutputStream, settings: Settings['managed']) {
  const { maxFileBytes: maxBytes, maxFiles } = settings;
  return { path: join(folder, `${stream}.jsonl`), maxBytes, maxFiles };
}

type Captures = Readonly<Record<OutputStream, Capture>>;

function capturesOf(
  files: readonly RotatingFile[],
  echoes: Readonly<Record<'stdout' | 'stderr', Echo>>,
  uplink: OutputUplink,
  { maxLineChars }: Settings['managed'],
  tell: (text: string) => void,
  lastWords: LastLines,
): Captures {
  const [stdout, stderr, session] = files as [RotatingFile, RotatingFile, RotatingFile];
  const common = { uplink, maxLineChars, tell };
  return {
    stdout: new Capture({ ...common, stream: 'stdout', file: stdout, echo: echoes.stdout }),
    stderr: new Capture({
      ...common,
      stream: 'stderr',
      file: stderr,
      echo: echoes.stderr,
      lastLines: lastWords,
    }),
    session: new Capture({ ...common, stream: 'session', file: session }),
  };
}

function streamsOf({ stdout, stderr }: Captures): Streams {
  return { stdout: (source) => stdout.follow(source), stderr: (source) => stderr.follow(source) };
}

/** What the runner did, as records that the judge reads as well: a crash loop is the same error again and again. */
function sessionRecords({ text, next, failed, finished }: RunnerEvent): string[] {
  const level = failed === true ? { level: 'error' } : {};
  const event = finished === true ? { event: 'finished' } : {};
  const records = [{ role: 'system', ...level, ...event, text }];
  if (next !== undefined) records.push({ role: 'system', text: next });
  return records.map((record) => JSON.stringify(record));
}

function specOf({ id, goal, folder, label }: RunOptions, local: boolean): AgentSpec {
  const known = { id, managed: true, ...(goal === undefined ? {} : { goal }) };
  if (!local) return { ...known, logs: [], stream: true };
  const logs = STREAMS.map((stream) => `${stream}.jsonl`);
  return { ...known, cwd: process.cwd(), workspace: folder, logs, ...(label === undefined ? {} : { label }) };
}

function heartbeatOf(
  runner: AgentRunner,
  instance: string,
  seq: number,
  intervalMs: number,
  lastWords: LastLines,
): Heartbeat {
  const pid = runner.process?.pid;
  const rssBytes = pid === undefined ? undefined : rssBytesOf(pid);
  const cpuMs = pid === undefined ? undefined : statOf(pid)?.cpuMs;
  const { state, endedHow: ended } = runner;
  const failed = (state === 'exited' || state === 'restarting') && (runner.lastExit?.code ?? 0) !== 0;
  return {
    instance,
    seq,
    at: new Date().toISOString(),
    state,
    pid: pid ?? null,
    intervalMs,
    restarts: runner.restarts,
    ...(runner.lastExit === undefined ? {} : { exitCode: runner.lastExit.code }),
    ...(failed && lastWords.lines.length > 0 ? { lastWords: [...lastWords.lines] } : {}),
    ...(state === 'exited' && ended !== undefined ? { ended } : {}),
    ...(state === 'paused' ? { pausedBy: runner.pausedBy } : {}),
    ...(rssBytes === undefined ? {} : { rssBytes }),
    ...(cpuMs === undefined ? {} : { cpuMs }),
  };
}

function controlled(
  runner: AgentRunner,
  action: Control['action'],
  tell: (text: string) => void,
): ControlReply {
  runner.control(action);
  tell(`${action} asked for over the broker`);
  return { action, state: runner.state, at: new Date().toISOString() };
}

/** The first signal goes to the agent as it is, the second ends it by force. @returns takes the handlers back. */
function forwardSignals(runner: AgentRunner): () => void {
  let asked = false;
  const onSignal = (signal: NodeJS.Signals) => {
    if (asked) runner.kill();
    else runner.stop(signal);
    asked = true;
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return () => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
}
