import { Events, type NatsConnection } from 'nats';
import type { Verdict } from '../../actors/guardian.js';
import { type CommandStart, startCommand } from '../../actors/restart-command.js';
import type { Clock } from '../../actors/runtime/clock.js';
import { HeartbeatBook, type LevelChange, type Pulse } from '../../health/heartbeat-book.js';
import type { Waits } from '../../health/status.js';
import type { AgentSpec, RestartCommand } from '../../messages/agents.js';
import type { TrajectoryAnalysis } from '../../messages/analysis.js';
import type {
  AgentFailure,
  AgentHealth,
  AgentStatus,
  HealthSummary,
  RestartEvent,
} from '../../messages/health.js';
import type { LogSign } from '../../messages/signs.js';
import type { Settings } from '../../settings/schema.js';
import type { Publishing } from '../events.js';
import { controlAgent } from './agent-control.js';
import { HealthEvents } from './health-events.js';
import { HealthRecords } from './health-records.js';
import { HealthWatch } from './health-watch.js';
import { HeartbeatIntake } from './heartbeat-intake.js';
import { Maintenance } from './maintenance.js';
import { restartAgent } from './restart-agent.js';
import { Restarter } from './restarter.js';
import { StatusBoard } from './status-board.js';

export interface HealthParts extends Publishing {
  /** Its own: a flood on another one must not keep heartbeats waiting. */
  readonly connection: NatsConnection;
  readonly settings: Settings;
  readonly clock: Clock;
  /** Runs a restart command on a host with this label. */
  runOnHost(label: string, agent: string, restart: RestartCommand): Promise<CommandStart>;
  /** File for the output of an agent's restart command on this machine. */
  commandLog(agent: string): string;
  /** An agent's tasks go back to the queue, fenced. @returns how many. */
  releaseTasks(agent: string): Promise<number>;
  /** For the log: restarts are held, or go on. */
  warn(text: string, facts: object): void;
}

/** Between two orders to an instance that was replaced, to end. */
const FENCE_MS = 5_000;

/** The health of the fleet: heartbeats, the ladder, restarts, maintenance, status. */
export class Health {
  readonly #parts: HealthParts;
  readonly #book: HeartbeatBook;
  readonly #intake: HeartbeatIntake;
  readonly #watch: HealthWatch;
  readonly #restarter: Restarter;
  readonly #records: HealthRecords;
  readonly #board: StatusBoard;
  readonly #events: HealthEvents;
  readonly #maintenance: Maintenance;
  /** Nobody listens for them. */
  readonly #gone = new Set<string>();
  readonly #waiting = new Map<string, (pulse: Pulse | undefined) => void>();
  /** Run by `vigil run`. */
  readonly #managed = new Set<string>();
  /** Instances that were told to end, and when. */
  readonly #ending = new Map<string, number>();
  readonly #closing = new AbortController();
  #probe: Promise<boolean> | undefined;

  constructor(parts: HealthParts) {
    this.#parts = parts;
    const { connection, settings, clock, store, subjects } = parts;
    const monotonic = () => clock.monotonic();
    const book = new HeartbeatBook(settings.health);
    for (const row of store.heartbeats.all())
      book.restore(row, monotonic(), Date.now() - row.seenAt > settings.health.holdWindowMs);
    this.#book = book;
    this.registered(store.agents.active());
    const common = { ...parts, book, settings: settings.health, monotonic };
    this.#maintenance = new Maintenance(store);
    this.#events = new HealthEvents(parts);
    this.#records = new HealthRecords(common);
    this.#board = new StatusBoard({ ...common, isGone: (agent) => this.#isGone(agent) });
    this.#restarter = new Restarter({
      ...common,
      specOf: (agent) => store.agents.get(agent)?.spec,
      restart: (spec) => this.#restart(spec),
      stillWanted: (agent) => this.#mayRestart(agent),
    });
    this.#intake = new HeartbeatIntake({
      subjects,
      book,
      monotonic,
      known: (ids) => store.agents.known(ids),
      heard: (pulse) => this.#heard(pulse),
      fenced: (agent, instance) => this.#endInstance(agent, instance),
    });
    connection.subscribe(subjects.allHeartbeats, {
      callback: (error, message) => {
        if (error === null) this.#intake.take(message.subject, message.data);
      },
    });
    this.#watch = new HealthWatch({
      ...common,
      clock,
      adopt: () => this.#intake.adopt(),
      probe: () => this.#reachable(),
      isPaused: (agent) => this.#maintenance.isPaused(agent),
      isEscalated: (agent) => this.#restarter.isEscalated(agent),
      changed: (changes) => this.#changed(changes),
      held: (silence, agents) => {
        this.#restarter.hold();
        this.#events.held(silence, agents);
      },
      released: (silence, by) => this.#events.released(silence, by),
      unresponsive: (pulse) => this.#offer(pulse),
    });
    void this.#followConnection();
  }

  /** Writes down what is new and ends what is under way. */
  async close(): Promise<void> {
    this.#watch.close();
    this.#board.close();
    this.#closing.abort();
    for (const settle of [...this.#waiting.values()]) settle(undefined);
    await this.#restarter.close();
    await this.#records.close();
  }

  /** Agents were put on record, or have new particulars. */
  registered(specs: readonly AgentSpec[]): void {
    for (const { id, managed } of specs) {
      if (managed === true) this.#managed.add(id);
      else this.#managed.delete(id);
    }
  }

  /** A new verdict tells what the agent does. */
  judged(verdict: Verdict): void {
    this.#board.judged(verdict);
  }

  /** A person knows that they have ended. @returns those that had ended unseen. */
  acknowledge(agents: readonly string[] | undefined): Promise<string[]> {
    return this.#board.acknowledge(agents);
  }

  /** The end of its log says something. @returns false when more of the log was judged since. */
  signed(agent: string, sign: LogSign): boolean {
    return this.#board.signed(agent, sign);
  }

  /** Of an agent whose program failed: its last words, and what to do. */
  failure(agent: string): AgentFailure | undefined {
    return this.#board.failure(agent);
  }

  /** A hook of its session says that a person has to do something. */
  noted(agent: string, standing: Waits): void {
    this.#board.noted(agent, standing);
  }

  /** Whether a hook said that it waits, and its log has not gone on by its newest event. */
  isHeld(agent: string, lastEventAt: string | undefined): boolean {
    return this.#board.isHeld(agent, lastEventAt);
  }

  /** Whether more of an agent's log is known by now, or a hook knows better than it. */
  isOvertaken({ agent, eventCount, lastEventAt }: TrajectoryAnalysis): boolean {
    return this.#board.isOvertaken(agent, eventCount) || this.#board.isHeld(agent, lastEventAt);
  }

  /** Whether its runner said that its process ended, and nobody goes on with its log. */
  hasEnded(agent: string): boolean {
    return this.#board.hasEnded(agent);
  }

  /** Whether it is under maintenance: neither restarted nor steered. */
  isPaused(agent: string): boolean {
    return this.#maintenance.isPaused(agent);
  }

  /** @param registeredAt epoch milliseconds. */
  of(agent: string, registeredAt: number): { status: AgentStatus; health: AgentHealth } {
    return { status: this.#board.of(agent, registeredAt), health: this.#healthOf(agent) };
  }

  /** Restarts agents because a person wants it. Undefined for those that were not begun within the deadline. */
  async restart(
    agents: readonly string[],
    reason: string,
    deadlineMs: number,
  ): Promise<{ readonly agent: string; readonly event: RestartEvent | undefined }[]> {
    const late = setTimeout(() => this.#restarter.withdraw(new Set(agents)), deadlineMs);
    try {
      return await Promise.all(
        agents.map(async (agent) => ({ agent, event: await this.#restarter.ask(agent, reason) })),
      );
    } finally {
      clearTimeout(late);
    }
  }

  /** @param ids undefined: the whole fleet. @returns those that are not on record. */
  pause(ids: readonly string[] | undefined, reason: string | undefined): Promise<string[]> {
    return this.#maintenance.pause(ids, reason);
  }

  /** @param ids undefined: everybody; restarts that are held go on then. */
  async resume(
    ids: readonly string[] | undefined,
  ): Promise<{ resumed: string[]; fleet: boolean; released: boolean }> {
    const done = await this.#maintenance.resume(ids);
    // What happened during the maintenance is not held against anybody.
    const now = this.#parts.clock.monotonic();
    if (done.fleet) this.#book.newTerm(now);
    for (const agent of done.resumed) this.#book.newTerm(now, 0, agent);
    return { ...done, released: ids === undefined && this.#watch.release() };
  }

  /** Agents that were removed from the record. */
  async forget(agents: readonly string[]): Promise<void> {
    this.#restarter.withdraw(new Set(agents));
    for (const agent of agents) {
      this.#book.forget(agent);
      this.#board.forget(agent);
      this.#records.forget(agent);
      this.#restarter.forget(agent);
      this.#gone.delete(agent);
      this.#managed.delete(agent);
    }
    await this.#maintenance.forget(agents);
  }

  get summary(): HealthSummary {
    const levels = { warning: 0, degraded: 0, unresponsive: 0 };
    let watched = 0;
    for (const { level, expected } of this.#book.all()) {
      if (Number.isFinite(expected)) watched++;
      if (level !== 'ok') levels[level]++;
    }
    return {
      ...this.#intake.counts,
      ...levels,
      ...this.#restarter.counts,
      watched,
      escalated: this.#restarter.escalated,
      paused: this.#maintenance.size,
      fleetPaused: this.#maintenance.fleet,
      held: this.#watch.held,
      pauses: this.#watch.pauses,
    };
  }

  #healthOf(agent: string): AgentHealth {
    const pulse = this.#book.get(agent);
    return {
      level: pulse?.level ?? 'unwatched',
      missed: pulse?.missed ?? 0,
      lastHeartbeat: pulse === undefined ? null : new Date(pulse.seenAt).toISOString(),
      instance: pulse?.beat.instance ?? null,
      instances: pulse?.instances ?? 0,
      lost: pulse?.lost ?? 0,
      duplicates: pulse?.duplicates ?? 0,
      reordered: pulse?.reordered ?? 0,
      escalated: this.#restarter.isEscalated(agent),
      paused: this.#maintenance.isPaused(agent),
    };
  }

  #heard(pulse: Pulse): void {
    const { agent } = pulse;
    this.#gone.delete(agent);
    this.#waiting.get(agent)?.(pulse);
  }

  #isGone(agent: string): boolean {
    return this.#gone.has(agent) || this.#restarter.isEscalated(agent);
  }

  #mayRestart(agent: string): boolean {
    const silent = this.#book.get(agent)?.level === 'unresponsive';
    return silent && !this.#watch.held && !this.#maintenance.isPaused(agent);
  }

  #offer(pulse: Pulse): void {
    const { restart } = this.#parts.settings.health;
    if (restart === 'off') return;
    if (restart === 'managed' && !this.#managed.has(pulse.agent)) return;
    this.#restarter.offer(pulse.agent, reasonOf(pulse));
  }

  #restart(spec: AgentSpec) {
    const { settings, connection, subjects, runOnHost, commandLog, releaseTasks, failed } = this.#parts;
    const { controlMs, upMs } = settings.health;
    return restartAgent(spec, {
      book: this.#book,
      upMs,
      control: (agent, control) => controlAgent(connection, subjects, agent, control, controlMs),
      command: ({ id, label, workspace }, restart) => {
        const whole = { cwd: workspace, ...restart };
        return label === undefined || label === settings.hosts.label
          ? startCommand(whole, commandLog(id))
          : runOnHost(label, id, whole);
      },
      // Where that fails, their leases run out.
      releaseTasks: (agent) =>
        releaseTasks(agent).catch((error: unknown) => {
          failed(error);
          return 0;
        }),
      reachable: () => this.#reachable(),
      nextBeat: (agent, ms) => this.#nextBeat(agent, ms),
      closing: this.#closing.signal,
      gone: (agent) => this.#gone.add(agent),
    });
  }

  #nextBeat(agent: string, ms: number): Promise<Pulse | undefined> {
    return new Promise((resolve) => {
      const settle = (pulse: Pulse | undefined) => {
        clearTimeout(late);
        this.#waiting.delete(agent);
        resolve(pulse);
      };
      const late = setTimeout(() => settle(undefined), ms);
      this.#waiting.set(agent, settle);
    });
  }

  /** Of two runners of one agent the one that was replaced has to go: never two live owners. */
  #endInstance(agent: string, instance: string): void {
    const { connection, subjects, settings, clock, warn } = this.#parts;
    if (settings.health.restart === 'off') return;
    const now = clock.monotonic();
    for (const [each, at] of this.#ending) if (now - at > FENCE_MS) this.#ending.delete(each);
    if (this.#ending.has(instance)) return;
    this.#ending.set(instance, now);
    warn('an instance that was replaced is told to end', { agent, instance });
    connection.publish(subjects.control(agent), JSON.stringify({ action: 'stop', instance }));
  }

  #reachable(): Promise<boolean> {
    const { connection, settings } = this.#parts;
    this.#probe ??= answered(connection, settings.health.probeMs).finally(() => {
      this.#probe = undefined;
    });
    return this.#probe;
  }

  #changed(changes: readonly LevelChange[]): void {
    for (const { pulse } of changes) if (pulse.level === 'ok') this.#restarter.recovered(pulse.agent);
    const told = changes.filter(({ pulse }) => !this.#maintenance.isPaused(pulse.agent));
    this.#events.changed(told, this.#parts.clock.monotonic());
  }

  async #followConnection(): Promise<void> {
    for await (const { type } of this.#parts.connection.status()) {
      if (type === Events.Disconnect) this.#watch.disconnected();
      else if (type === Events.Reconnect) this.#watch.reconnected();
    }
  }
}

function reasonOf({ missed, beat }: Pulse): string {
  if (beat.state === 'paused' && beat.pausedBy === 'signal')
    return 'its process stands still, stopped by a signal';
  return `${missed} heartbeats missed`;
}

/** Whether the broker answers in time. A round trip that comes later, or never, is nobody's. */
async function answered(connection: NatsConnection, ms: number): Promise<boolean> {
  let late: NodeJS.Timeout | undefined;
  const tooLate = new Promise<boolean>((resolve) => {
    late = setTimeout(() => resolve(false), ms);
  });
  try {
    const trip = connection.flush().then(
      () => true,
      () => false,
    );
    return await Promise.race([trip, tooLate]);
  } finally {
    clearTimeout(late);
  }
}
