import { headers, type NatsConnection } from 'nats';
import pc from 'picocolors';
import { readJson } from '../../actors/runtime/wire.js';
import type { TrajectoryAnalysis } from '../../messages/analysis.js';
import { VigilError } from '../../messages/errors.js';
import { newId } from '../../messages/ids.js';
import {
  AnalysisResult,
  RESULTS,
  RefusedResult,
  type ResultKind,
  type ResultOf,
} from '../../messages/results.js';
import type { Subjects } from '../../messages/subjects.js';
import { visible } from '../../messages/visible.js';
import { startSupervisor } from '../../supervisor.js';
import { Client } from '../client.js';
import { EXIT } from '../exit-codes.js';
import { Progress } from '../progress.js';
import { coherenceText, failureLines, verdictTable } from '../render.js';
import { forgetRunning, noteRunning } from '../running.js';
import { sampleFleet } from '../sample-fleet.js';
import { type SettingsOptions, settingsOf } from '../settings.js';

export interface StartOptions extends SettingsOptions {
  readonly once?: boolean;
  readonly json?: boolean;
}

/** Starts Vigil, shows a first analysis of the fleet, and watches on until `stopAsked`. @returns the exit code. */
export async function start(options: StartOptions, stopAsked: Promise<'stop'>): Promise<number> {
  const json = options.json === true;
  const { settings, file } = settingsOf(options);
  const progress = new Progress(json);
  progress.step('Starting Vigil');
  const supervisor = await startSupervisor(settings, {
    sample: file === undefined ? sampleFleet() : [],
    onStep: (text) => progress.step(text),
  });
  noteRunning(settings.dataDir, { ...supervisor.client, pid: process.pid, prefix: settings.prefix });
  let client: Client | undefined;
  try {
    client = await Client.connect(
      { ...supervisor.client, pid: process.pid, prefix: settings.prefix },
      settings,
    );
    const view = new View(client.connection, supervisor.subjects, json);
    const first = await Promise.race([view.firstAnalysis(progress), stopAsked, supervisor.ended]);
    progress.done();
    if (first instanceof Error) throw first;
    if (options.once === true || first === 'stop') return EXIT.fine;
    if (!json)
      console.log(
        pc.dim(`\nWatching. Broker ${supervisor.client.url}, subjects ${settings.prefix}.>; Ctrl-C stops.`),
      );
    view.follow();
    const end = await Promise.race([stopAsked, supervisor.ended]);
    if (end instanceof Error) throw end;
    return EXIT.fine;
  } finally {
    progress.done();
    if (!json && options.once !== true) progress.step('Stopping');
    await client?.close();
    await supervisor.stop();
    forgetRunning(settings.dataDir);
    progress.done();
  }
}

/** What the terminal shows of the result topics: a client like any other. */
class View {
  readonly #connection: NatsConnection;
  readonly #subjects: Subjects;
  readonly #json: boolean;
  readonly #verdicts = new Map<string, TrajectoryAnalysis>();
  readonly #finals = new Map<string, (value: unknown) => void>();
  #following = false;
  #progress: (() => void) | undefined;

  constructor(connection: NatsConnection, subjects: Subjects, json: boolean) {
    this.#connection = connection;
    this.#subjects = subjects;
    this.#json = json;
    connection.subscribe(subjects.allResults, {
      callback: (error, message) => {
        if (error === null) this.#take(message.subject, readJson(message.data));
      },
    });
  }

  /** Triggers an analysis of the whole fleet by publishing, and prints what comes back. */
  async firstAnalysis(progress: Progress): Promise<'done'> {
    progress.step('Analysing the fleet');
    this.#progress = () => progress.update(`Analysing the fleet: ${this.#verdicts.size} agents`);
    const analyses = await this.#trigger('analyze', { force: true });
    const { items } = await this.#trigger('coherence', {});
    this.#progress = undefined;
    progress.done();
    if (this.#json) return 'done';
    console.log(verdictTable([...this.#verdicts.values()]));
    if (analyses.failures.length > 0) console.log(failureLines(analyses.failures));
    for (const report of items) console.log(`\n${coherenceText(report)}`);
    return 'done';
  }

  /** From now on each change is a line. */
  follow(): void {
    this.#following = true;
  }

  async #trigger<K extends ResultKind>(kind: K, payload: object): Promise<ResultOf<K>> {
    const id = newId();
    const final = new Promise<unknown>((resolve) => this.#finals.set(id, resolve));
    const own = headers();
    own.set('Nats-Msg-Id', id);
    await this.#connection
      .jetstream()
      .publish(this.#subjects.trigger(kind), JSON.stringify(payload), { headers: own });
    const value = await final;
    const refusal = RefusedResult.safeParse(value);
    if (refusal.success) throw new VigilError(refusal.data.error.code, refusal.data.error.message);
    return RESULTS[kind].parse(value) as ResultOf<K>;
  }

  #take(subject: string, value: unknown): void {
    if (typeof value !== 'object' || value === null) return;
    if (this.#json) console.log(JSON.stringify({ subject, ...value }));
    const analysis = AnalysisResult.safeParse(value).data?.analysis;
    if (analysis === undefined) {
      const { requestId } = value as { requestId?: string };
      const settle = this.#finals.get(requestId ?? '');
      this.#finals.delete(requestId ?? '');
      settle?.(value);
      return;
    }
    const before = this.#verdicts.get(analysis.agent);
    this.#verdicts.set(analysis.agent, analysis);
    this.#progress?.();
    if (this.#following && !this.#json) this.#tellChange(before, analysis);
  }

  #tellChange(before: TrajectoryAnalysis | undefined, now: TrajectoryAnalysis): void {
    if (before?.needsSteering === now.needsSteering && before.steeringType === now.steeringType) return;
    const time = new Date().toLocaleTimeString();
    const text = now.needsSteering
      ? pc.red(
          `${time}  ${now.agent} needs steering (${now.steeringType}): ${visible(now.recommendation ?? now.summary)}`,
        )
      : `${time}  ${now.agent}: ${visible(now.summary)}`;
    console.log(text);
  }
}
