import { type ConductorParts, conductorBehaviour } from '../actors/conductor.js';
import { type GuardianParts, guardianBehaviour } from '../actors/guardian.js';
import type { Behaviour, Protocol, ReplyIn } from '../actors/runtime/behaviour.js';
import type { Bus } from '../actors/runtime/bus.js';
import type { ActorSystem } from '../actors/runtime/system.js';
import { inRootSpan, type SpanSpec } from '../actors/runtime/trace.js';
import { type Failure, parseWith, toFailure, VigilError } from '../messages/errors.js';
import type { Subjects } from '../messages/subjects.js';
import { ATTRIBUTES, SPANS } from '../messages/telemetry.js';
import {
  isTriggerKind,
  TRIGGERS,
  type Trigger,
  type TriggerKind,
  type TriggerPayload,
} from '../messages/triggers.js';
import type { RequestSource, StoredRequest } from '../store/requests.js';
import type { Store } from '../store/store.js';
import { type FinalResult, fitted, isRefused, type ResultHead, refused } from './final-results.js';
import { interventionsFor, type SteeringPolicy } from './steering-policy.js';

/** Over the actor's own deadline, so that its answer, which names what is missing, comes first. */
const ASK_GRACE_MS = 5_000;
/** Wait before a request whose actor lost the broker is gone on with. */
const RETRY_MS = 200;

export interface RequestRunnerParts {
  readonly store: Store;
  readonly system: ActorSystem;
  readonly bus: Bus;
  readonly subjects: Subjects;
  readonly guardian: GuardianParts;
  readonly conductor: ConductorParts;
  readonly steering: SteeringPolicy;
  /** Its process has ended: nothing is recommended to it. */
  hasEnded(agent: string): boolean;
  readonly defaults: { readonly maxConcurrent: number; readonly deadlineMs: number };
  /** Times a request is begun before it is given up: it may be what kills the supervisor. */
  readonly maxAttempts: number;
  maxPayload(): number;
  /** There is something new in the outbox. */
  wakeOutbox(): void;
  /** There may be something to tell agents. */
  wakeSteering(): void;
  /** Reads what is new of repositories; `asked` for by a client and not by the schedule. */
  sync(id: string, payload: TriggerPayload<'sync'>, asked: boolean): Promise<Outcome>;
  gaveUp(request: StoredRequest): void;
  /** A request has its final result. */
  ended(kind: TriggerKind, result: FinalResult): void;
}

/**
 * Runs requests from acceptance to final result. Accepted is what is on the disk; the final result is written in one
 * transaction with its message in the outbox, so each request has exactly one.
 */
export class RequestRunner {
  readonly #parts: RequestRunnerParts;
  readonly #inFlight = new Map<string, Promise<FinalResult>>();
  /** Cycles run one after another. */
  #cycle: Promise<unknown> = Promise.resolve();
  #cyclesWaiting = 0;
  #closed = false;

  constructor(parts: RequestRunnerParts) {
    this.#parts = parts;
  }

  get running(): number {
    return this.#inFlight.size;
  }

  /** A cycle runs or waits. */
  get inCycle(): boolean {
    return this.#cyclesWaiting > 0;
  }

  /** Records a request. Resolves when it is on the disk; a request of a known id is that one. */
  async accept(id: string, source: RequestSource, trigger: Trigger): Promise<void> {
    const { store } = this.#parts;
    await store.write(() => store.requests.accept(id, trigger.kind, source, trigger.payload, Date.now()));
  }

  /** Records a message that is no valid request, with its answer. */
  async refuse(id: string, kind: string, source: RequestSource, error: VigilError): Promise<void> {
    const { store, subjects } = this.#parts;
    const now = Date.now();
    const at = new Date(now).toISOString();
    const result = refused({ requestId: id, startedAt: at, finishedAt: at }, toFailure(error));
    await store.write(() => {
      store.requests.accept(id, kind, source, {}, now);
      if (store.requests.finish(id, 'refused', result, now))
        store.outbox.add(`${id}.final`, subjects.result(kind), result);
    });
    this.#parts.wakeOutbox();
  }

  /** Runs an accepted request, or attaches to it when it runs already. Resolves with its final result. */
  run(id: string): Promise<FinalResult> {
    const running = this.#inFlight.get(id);
    if (running !== undefined) return running;
    const run = this.#run(id).finally(() => this.#inFlight.delete(id));
    this.#inFlight.set(id, run);
    return run;
  }

  /** Goes on with what an earlier supervisor left unfinished. */
  resume(onError: (error: unknown, request: string) => void): void {
    for (const { id } of this.#parts.store.requests.unfinished())
      this.run(id).catch((error: unknown) => onError(error, id));
  }

  /** Lets what runs end, at most `drainMs`; the rest is gone on with at the next start. */
  async close(drainMs: number): Promise<void> {
    let cancel: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      cancel = setTimeout(resolve, drainMs);
    });
    await Promise.race([Promise.allSettled(this.#inFlight.values()), late]);
    clearTimeout(cancel);
    this.#closed = true;
  }

  async #run(id: string): Promise<FinalResult> {
    const { store, maxAttempts } = this.#parts;
    const known = store.requests.get(id);
    if (known === undefined) throw new VigilError('NOT_FOUND', `no request ${id}`);
    if (known.result !== null) return JSON.parse(known.result) as FinalResult;
    if (!isTriggerKind(known.kind))
      throw new VigilError('BAD_REQUEST', `request ${id} is of the unknown kind ${known.kind}`);
    if (known.attempts >= maxAttempts) {
      this.#parts.gaveUp(known);
      return this.#finish(known.id, known.kind, known.startedAt ?? Date.now(), (head) =>
        refused(head, {
          code: 'CRASHED',
          message: `given up after ${known.attempts} attempts that did not end`,
        }),
      );
    }
    return known.kind === 'cycle' ? this.#inTurn(() => this.#execute(id)) : this.#execute(id);
  }

  /** Cycles never overlap. */
  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    this.#cyclesWaiting++;
    const turn = this.#cycle.then(action).finally(() => {
      this.#cyclesWaiting--;
    });
    this.#cycle = turn.catch(() => undefined);
    return turn;
  }

  async #execute(id: string): Promise<FinalResult> {
    const { store } = this.#parts;
    const request = await store.write(() => store.requests.begin(id, Date.now()));
    if (request === undefined || !isTriggerKind(request.kind))
      throw new VigilError('CONFLICT', `request ${id} is finished`);
    const kind = request.kind;
    const startedAt = request.startedAt ?? Date.now();
    const trigger = {
      kind,
      payload: parseWith(TRIGGERS[kind], JSON.parse(request.payload), 'request'),
    } as Trigger;
    const outcome = await inRootSpan(spanOf(id, kind), () => this.#perform(id, trigger, request.source));
    return this.#finish(id, kind, startedAt, (head) => this.#finalResult(head, trigger, outcome));
  }

  /** Guardian and conductor, at the same time where the request asks for both; a sync has no actor of its own. */
  async #perform(id: string, trigger: Trigger, source: RequestSource): Promise<Outcome> {
    const { guardian, conductor } = this.#parts;
    const deadlineMs = trigger.payload.deadlineMs ?? this.#parts.defaults.deadlineMs;
    const { maxConcurrent } = this.#parts.defaults;
    const analyse = (agents: readonly string[] | undefined, force: boolean, limit = maxConcurrent) =>
      this.#askOnce(guardianBehaviour(guardian), id, {
        requestId: id,
        deadlineMs,
        agents,
        force,
        maxConcurrent: limit,
      });
    const cohere = () =>
      this.#askOnce(conductorBehaviour(conductor), id, { requestId: id, deadlineMs, maxConcurrent });
    switch (trigger.kind) {
      case 'analyze': {
        const { agents, force = false, maxConcurrent: limit } = trigger.payload;
        return outcomeOf(await analyse(agents, force, limit), undefined);
      }
      case 'coherence':
        return outcomeOf(undefined, await cohere());
      case 'sync':
        return this.#parts.sync(id, trigger.payload, source !== 'schedule');
      case 'cycle': {
        const [analyses, coherence] = await Promise.all([analyse(undefined, false), cohere()]);
        return outcomeOf(analyses, coherence);
      }
      case 'emergency': {
        const [analyses, coherence] = await Promise.all([analyse(trigger.payload.agents, true), cohere()]);
        return outcomeOf(analyses, coherence);
      }
    }
  }

  /**
   * An actor for this one request: spawned, asked, stopped. A crash of it is this request's failure and nobody
   * else's. When the broker goes away meanwhile, another one goes on where it was.
   */
  async #askOnce<S, P extends Protocol>(
    behaviour: Behaviour<S, P>,
    id: string,
    body: RunBody,
  ): Promise<{ reply: ReplyIn<P, 'run'> } | { failure: Failure }> {
    const endsAt = performance.now() + body.deadlineMs;
    for (;;) {
      const deadlineMs = Math.max(1, endsAt - performance.now());
      try {
        return { reply: await this.#askActor(behaviour, id, { ...body, deadlineMs }) };
      } catch (error) {
        const failure = toFailure(error);
        if (failure.code !== 'UNAVAILABLE' || this.#closed || performance.now() + RETRY_MS > endsAt)
          return { failure };
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  async #askActor<S, P extends Protocol>(
    behaviour: Behaviour<S, P>,
    id: string,
    body: RunBody,
  ): Promise<ReplyIn<P, 'run'>> {
    const { system, bus, subjects } = this.#parts;
    await system.spawn(behaviour, id);
    try {
      const options = { timeoutMs: body.deadlineMs + ASK_GRACE_MS };
      const answer = await bus.ask(subjects.actor(behaviour.kind, id), 'run', body, options);
      const schema = behaviour.protocol['run']?.reply;
      if (schema === undefined) throw new Error(`${behaviour.kind} has no message run`);
      return parseWith(schema, answer.body, `answer of ${behaviour.kind}`) as ReplyIn<P, 'run'>;
    } finally {
      await system.stopActor(behaviour.kind, id);
    }
  }

  #finalResult(head: ResultHead, trigger: Trigger, outcome: Outcome): FinalResult {
    const { steering, store, hasEnded } = this.#parts;
    const { verdicts, interventions: record } = store;
    const id = head.requestId;
    const { failures } = outcome;
    const coherence = verdicts.coherenceOf(id) ?? null;
    if (trigger.kind === 'coherence')
      return { ...head, items: coherence === null ? [] : [coherence], failures };
    if (trigger.kind === 'sync')
      return { ...head, requested: outcome.requested, items: store.repositories.itemsOf(id), failures };
    const analyses = { requested: outcome.requested, items: verdicts.itemsOf(id), failures };
    if (trigger.kind === 'analyze') return { ...head, ...analyses };
    const emergency = trigger.kind === 'emergency';
    // It may have ended since it was judged.
    const recommended = record.recommendedIn(id).filter(({ agent }) => !hasEnded(agent));
    const interventions = interventionsFor(id, recommended, emergency, steering, Date.now());
    const both = { ...head, ...analyses, coherence, interventions };
    if (trigger.kind === 'cycle') return both;
    const { reason } = trigger.payload;
    return reason === undefined ? both : { ...both, reason };
  }

  /** Writes the result, what follows from it and the messages that tell of it, all in one transaction. */
  async #finish(
    id: string,
    kind: TriggerKind,
    startedAt: number,
    build: (head: ResultHead) => FinalResult,
  ): Promise<FinalResult> {
    const { store, subjects, maxPayload } = this.#parts;
    if (this.#closed)
      throw new VigilError(
        'UNAVAILABLE',
        'the supervisor is stopping; the request goes on at the next start',
      );
    const result = await store.write(() => {
      const now = Date.now();
      const head = {
        requestId: id,
        startedAt: new Date(startedAt).toISOString(),
        finishedAt: new Date(now).toISOString(),
      };
      const built = fitted(build(head), maxPayload());
      if (!store.requests.finish(id, isRefused(built) ? 'refused' : 'done', built, now)) return built;
      if ('interventions' in built) {
        const verdicts = new Map(store.interventions.recommendedIn(id).map((each) => [each.agent, each]));
        for (const intervention of built.interventions) {
          store.interventions.add(intervention, verdicts.get(intervention.agent));
          store.outbox.add(intervention.id, subjects.interventionEvent(intervention.agent), intervention);
        }
        if (kind === 'cycle') {
          store.verdicts.addCycle({
            requestId: id,
            startedAt,
            finishedAt: now,
            agents: built.requested,
            failures: built.failures.length,
            coherenceScore: built.coherence?.coherenceScore ?? null,
            interventions: built.interventions.length,
          });
        }
      }
      store.outbox.add(`${id}.final`, subjects.result(kind), built);
      return built;
    });
    this.#parts.wakeOutbox();
    this.#parts.ended(kind, result);
    if ('interventions' in result && result.interventions.length > 0) this.#parts.wakeSteering();
    return result;
  }
}

/** What a guardian or conductor is asked; the rest of it is checked by its protocol. */
interface RunBody extends Readonly<Record<string, unknown>> {
  readonly deadlineMs: number;
}

interface Outcome {
  readonly requested: number;
  readonly failures: Failure[];
}

type Asked<R> = { reply: R } | { failure: Failure } | undefined;

function outcomeOf(
  analyses: Asked<{ requested: number; failures: Failure[] }>,
  coherence: Asked<{ failures: Failure[] }>,
): Outcome {
  const failuresOf = (asked: Asked<{ failures: Failure[] }>) =>
    asked === undefined ? [] : 'failure' in asked ? [asked.failure] : asked.reply.failures;
  // An agent whose log cannot be read fails for both; it is named once.
  const failures = new Map(
    [...failuresOf(coherence), ...failuresOf(analyses)].map((failure) => [
      failure.agent ?? failure.message,
      failure,
    ]),
  );
  return {
    requested: analyses !== undefined && 'reply' in analyses ? analyses.reply.requested : 0,
    failures: [...failures.values()],
  };
}

/** A request over agents is what the conventions call a workflow. */
function spanOf(id: string, kind: TriggerKind): SpanSpec {
  const attributes = { [ATTRIBUTES.requestId]: id, [ATTRIBUTES.requestKind]: kind };
  if (kind === 'sync') return { name: `${SPANS.request} ${kind}`, attributes };
  return {
    name: `${SPANS.workflow} ${kind}`,
    attributes: { ...attributes, [ATTRIBUTES.operation]: SPANS.workflow, [ATTRIBUTES.workflow]: kind },
  };
}
