import { readdirSync, readFileSync } from 'node:fs';

const POLL_MS = 20;

/** Sends a signal to every process of the group. False when there is none any more. */
export function signalGroup(pgid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pgid, signal);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ESRCH') return false;
    // Some member belongs to another user now (sudo): it is there, and the others were signalled.
    if (code === 'EPERM') return true;
    throw error;
  }
}

/** Whether a process of the group runs. One that has ended and waits for its parent to look does not. */
export function isGroupAlive(pgid: number): boolean {
  if (!signalGroup(pgid, 0)) return false;
  if (process.platform !== 'linux') return true;
  return readdirSync('/proc').some((name) => {
    if (!/^\d+$/.test(name)) return false;
    const stat = statOf(Number(name));
    return stat !== undefined && stat.group === pgid && stat.state !== 'Z' && stat.state !== 'X';
  });
}

/** Waits until no process of the group runs. False when some still does after `ms`. */
export async function groupEnded(pgid: number, ms: number): Promise<boolean> {
  const endsAt = performance.now() + ms;
  for (;;) {
    if (!isGroupAlive(pgid)) return true;
    if (performance.now() >= endsAt) return false;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

export interface ProcessStat {
  /** R, S, D, T (stopped), Z (ended), … */
  readonly state: string;
  readonly group: number;
  /** Processor time used so far. */
  readonly cpuMs: number;
  /** Clock ticks after boot: with the id, it names one process for ever. */
  readonly startedAt: string;
}

/** Linux counts processor time in ticks of this length for programs, whatever the kernel's own are. */
const TICK_MS = 10;

/** Undefined when there is no such process, or no `/proc`. */
export function statOf(pid: number): ProcessStat | undefined {
  const text = readProc(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The name of the program stands in brackets and may hold anything.
  const [state = '', , group, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [user = '0', system = '0'] = rest.slice(8, 10);
  return {
    state,
    group: Number(group),
    cpuMs: (Number(user) + Number(system)) * TICK_MS,
    startedAt: rest[16] ?? '',
  };
}

/** Resident memory; undefined when it cannot be told. */
export function rssBytesOf(pid: number): number | undefined {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readProc(`/proc/${pid}/status`) ?? '')?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}
