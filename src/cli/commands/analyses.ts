import { type Failure, parseWith, VigilError } from '../../messages/errors.js';
import { Id, idFrom, newId } from '../../messages/ids.js';
import { AnalysisResult, type ResultOf } from '../../messages/results.js';
import { TRIGGERS } from '../../messages/triggers.js';
import { visible } from '../../messages/visible.js';
import type { Client } from '../client.js';
import { EXIT } from '../exit-codes.js';
import { Progress } from '../progress.js';
import { coherenceText, failureLines, type VerdictRow, verdictTable } from '../render.js';
import type { StreamMessage } from '../result-stream.js';
import { type SettingsOptions, settingsOf } from '../settings.js';
import { talk } from '../terminal.js';
import { publishTrigger, runTrigger } from '../trigger.js';
import { withClient } from '../with-client.js';

/** Requests whose result is about agents or the fleet. */
type Kind = 'analyze' | 'emergency' | 'cycle' | 'coherence';
type Result = ResultOf<Kind>;

export interface AnalysisOptions extends SettingsOptions {
  readonly force?: boolean;
  readonly reason?: string;
  readonly timeout?: number;
  readonly requestId?: string;
  readonly wait?: boolean;
  readonly json?: boolean;
}

const ANSWER_MS = 5_000;
const PAGE = 1_000;
/** Over the request's own deadline, so that its result, which names what is missing, comes first. */
const GRACE_MS = 10_000;

const STEPS: Readonly<Record<Kind, string>> = {
  analyze: 'Analysing',
  emergency: 'Emergency analysis',
  cycle: 'Monitoring cycle',
  coherence: 'Comparing the agents',
};

/** Has agents analysed, or the fleet. @param agents all when empty. @returns the exit code. */
export async function request(
  kind: Kind,
  agents: readonly string[],
  options: AnalysisOptions,
  stopAsked: Promise<'stop'>,
): Promise<number> {
  const ids = [...new Set(agents.map((agent) => parseWith(Id, agent, 'AGENT')))];
  const id = options.requestId === undefined ? newId() : idFrom(options.requestId);
  const { settings } = settingsOf(options);
  const deadlineMs = options.timeout === undefined ? undefined : Math.round(options.timeout * 1_000);
  return withClient(options, async (client) => {
    // Without a supervisor the trigger would wait in its queue, and this for it.
    await client.request('agents.list', { limit: 1 }, ANSWER_MS);
    const payload = parseWith<object>(
      TRIGGERS[kind],
      await payloadOf(client, kind, ids, options, deadlineMs),
      kind,
    );
    if (options.wait === false) {
      await publishTrigger(client, kind, payload, id);
      console.log(options.json === true ? JSON.stringify({ requestId: id }) : id);
      return EXIT.fine;
    }
    const view = new ResultView(kind, options.json === true);
    const stop = new AbortController();
    try {
      const run = runTrigger({
        client,
        settings,
        kind,
        payload,
        id,
        known: options.requestId !== undefined,
        timeoutMs: (deadlineMs ?? settings.analysis.deadlineMs) + GRACE_MS,
        signal: stop.signal,
        came: (message) => view.came(message),
        away: (why) => console.error(`vigil: ${visible(why)}; trying again`),
      });
      const result = await Promise.race([run, stopAsked]);
      view.end();
      if (result === 'stop') {
        console.error(`vigil: the request goes on; its result: vigil ${kind} --request-id ${id}`);
        return EXIT.interrupted;
      }
      view.show(result);
      return exitOf(result, await unknownOf(client, result.failures, ids));
    } finally {
      view.end();
      stop.abort();
    }
  });
}

async function payloadOf(
  client: Client,
  kind: Kind,
  agents: readonly string[],
  { force, reason }: AnalysisOptions,
  deadlineMs: number | undefined,
): Promise<object> {
  const deadline = deadlineMs === undefined ? {} : { deadlineMs };
  const named = agents.length === 0 ? {} : { agents };
  if (kind === 'analyze') return { ...named, ...(force === true ? { force } : {}), ...deadline };
  if (kind !== 'emergency') return deadline;
  const whose = agents.length === 0 ? { agents: await everyone(client) } : named;
  return { ...whose, ...(reason === undefined ? {} : { reason }), ...deadline };
}

/** Ids of all active agents: an emergency names whom it is about. */
async function everyone(client: Client): Promise<string[]> {
  const ids: string[] = [];
  for (let after: string | null | undefined; after !== null; ) {
    const body = { state: 'active', after, limit: PAGE } as const;
    const page = await client.request('agents.list', body, ANSWER_MS);
    ids.push(...page.agents.map(({ id }) => id));
    after = page.next;
  }
  return ids;
}

/** What comes of a request: how far it is on standard error, then its result; or each message as a JSON line. */
class ResultView {
  readonly #kind: Kind;
  readonly #json: boolean;
  readonly #progress: Progress;
  readonly #verdicts = new Map<string, VerdictRow>();
  #finalShown = false;

  constructor(kind: Kind, json: boolean) {
    this.#kind = kind;
    this.#json = json;
    this.#progress = new Progress(json);
    this.#progress.step(STEPS[kind]);
  }

  came({ subject, body }: StreamMessage): void {
    if (this.#json) console.log(JSON.stringify({ subject, ...(body as object) }));
    const analysis = AnalysisResult.safeParse(body).data?.analysis;
    if (analysis === undefined) {
      this.#finalShown = true;
      return;
    }
    this.#verdicts.set(analysis.agent, analysis);
    const latest = `${analysis.agent}${analysis.needsSteering ? ` needs steering (${analysis.steeringType})` : ''}`;
    this.#progress.update(`${STEPS[this.#kind]}: ${this.#verdicts.size} verdicts, latest ${latest}`);
  }

  end(): void {
    this.#progress.done();
  }

  show(result: Result): void {
    if (this.#json) {
      // It came as an answer, and not on its subject.
      if (!this.#finalShown) console.log(JSON.stringify(result));
      return;
    }
    const rows = analysesOf(result).map((item) => this.#verdicts.get(item.agent) ?? item);
    if (rows.length > 0) console.log(verdictTable(rows));
    if ('itemsOmitted' in result && result.itemsOmitted !== undefined)
      console.error(
        talk.yellow(`  ${result.itemsOmitted} more verdicts did not fit into the result; vigil ls has all`),
      );
    for (const report of coherenceOf(result))
      console.log(`${rows.length > 0 ? '\n' : ''}${coherenceText(report)}`);
    if (result.failures.length > 0) console.error(failureLines(result.failures, talk));
    if (rows.length === 0 && coherenceOf(result).length === 0 && result.failures.length === 0)
      console.error('no agent is on record; "vigil watch" finds sessions');
  }
}

function analysesOf(result: Result): readonly VerdictRow[] {
  return 'requested' in result ? result.items : [];
}

function coherenceOf(result: Result) {
  if (!('requested' in result)) return result.items;
  return 'coherence' in result && result.coherence !== null ? [result.coherence] : [];
}

/** Of the agents that were named and failed as not found: is one not on record, or only its log not there? */
async function unknownOf(
  client: Client,
  failures: readonly Failure[],
  named: readonly string[],
): Promise<boolean> {
  for (const { agent, code } of failures) {
    if (code !== 'NOT_FOUND' || agent === undefined || !named.includes(agent)) continue;
    try {
      await client.request('agents.get', { id: agent }, ANSWER_MS);
    } catch (error) {
      if (error instanceof VigilError && error.code === 'NOT_FOUND') return true;
      throw error;
    }
  }
  return false;
}

/**
 * A name that nobody has is a mistake of whoever called; then what is most urgent: a person is needed, or some could not be
 * judged. Where all failures are for want of time the code says so.
 */
function exitOf(result: Result, isUnknown: boolean): number {
  if (isUnknown) return EXIT.notFound;
  const { failures } = result;
  const steering = coherenceOf(result).some(({ alignment }) => alignment.needSteering > 0);
  if (steering || analysesOf(result).some(({ needsSteering }) => needsSteering)) return EXIT.needsPerson;
  if (failures.length === 0) return EXIT.fine;
  return failures.every(({ code }) => code === 'TIMEOUT') ? EXIT.timeout : EXIT.failure;
}
