import type { TrajectoryAnalysis } from '../messages/analysis.js';
import { newId } from '../messages/ids.js';
import { AnalysisResult, type ResultKind, type ResultOf } from '../messages/results.js';
import { visible } from '../messages/visible.js';
import type { Settings } from '../settings/schema.js';
import type { Client } from './client.js';
import type { Progress } from './progress.js';
import { coherenceText, failureLines, verdictTable } from './render.js';
import { endOfStream, type Place, readStream, type StreamMessage } from './result-stream.js';
import { pc } from './terminal.js';
import { publishTrigger, resultOf } from './trigger.js';

/** What the terminal shows of the results, read from their stream: one that comes while the broker is away is not missed. */
export class FleetView {
  readonly #client: Client;
  readonly #json: boolean;
  readonly #verdicts = new Map<string, TrajectoryAnalysis>();
  readonly #finals = new Map<string, (value: unknown) => void>();
  /** Whose changes are told; undefined: nobody's yet. */
  #following: ((agent: string) => boolean) | undefined;
  #progress: (() => void) | undefined;
  readonly #stop = new AbortController();
  /** Resolves with the reason when the results cannot be read any longer. */
  readonly ended: Promise<Error>;

  private constructor(client: Client, settings: Settings, json: boolean, behind: Place) {
    this.#client = client;
    this.#json = json;
    this.ended = new Promise((resolve) => {
      this.#read(settings, behind).catch(resolve);
    });
  }

  /** Sees each result from now on. */
  static async open(client: Client, settings: Settings, json: boolean): Promise<FleetView> {
    return new FleetView(client, settings, json, await endOfStream(client));
  }

  close(): void {
    this.#stop.abort();
  }

  /**
   * Triggers an analysis by publishing, and prints what comes back.
   *
   * @param agents all when absent.
   * @returns the verdicts.
   */
  async firstAnalysis(
    progress: Progress,
    agents?: readonly string[],
  ): Promise<readonly TrajectoryAnalysis[]> {
    progress.step('Analysing the fleet');
    this.#progress = () => progress.update(`Analysing the fleet: ${this.#verdicts.size} agents`);
    const analyses = await this.#trigger('analyze', { agents, force: true });
    const { items } = await this.#trigger('coherence', {});
    this.#progress = undefined;
    progress.done();
    const wanted = agents === undefined ? undefined : new Set(agents);
    const verdicts = [...this.#verdicts.values()].filter(({ agent }) => wanted?.has(agent) ?? true);
    if (this.#json) return verdicts;
    console.log(verdictTable(verdicts));
    if (analyses.failures.length > 0) console.log(failureLines(analyses.failures));
    for (const report of items) console.log(`\n${coherenceText(report)}`);
    return verdicts;
  }

  /** Has agents analysed now; their verdicts are told as they come. What cannot be judged yet is tried in each cycle. */
  async analyze(agents: readonly string[]): Promise<void> {
    await this.#trigger('analyze', { agents });
  }

  /** From now on each change is a line. */
  follow(whose: (agent: string) => boolean = () => true): void {
    this.#following = whose;
  }

  async #trigger<K extends ResultKind>(kind: K, payload: object): Promise<ResultOf<K>> {
    const id = newId();
    const final = new Promise<unknown>((resolve) => this.#finals.set(id, resolve));
    await publishTrigger(this.#client, kind, payload, id);
    return resultOf(kind, await final);
  }

  async #read(settings: Settings, behind: Place): Promise<void> {
    const results = readStream({
      settings,
      from: { behind },
      filter: ({ allResults }) => allResults,
      follow: true,
      signal: this.#stop.signal,
      away: (why) => console.error(`vigil: ${visible(why)}; trying again`),
    });
    for await (const message of results) this.#take(message);
  }

  #take({ subject, body: value }: StreamMessage): void {
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
    if (this.#following?.(analysis.agent) === true && !this.#json) this.#tellChange(before, analysis);
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
