import { VigilError } from './errors.js';
import { isId } from './ids.js';

/** The kinds of actor, as they stand in `vigil.actor.<kind>.<id>`. */
export type ActorKind = string;

/**
 * Builds every NATS subject of one Vigil system. Nothing else in the project writes a subject by hand: the client
 * library sends subjects unchecked, so an unchecked id could forge protocol or reach other agents' subjects.
 */
export class Subjects {
  readonly prefix: string;

  /** @throws VigilError BAD_REQUEST when the prefix is not one valid token. */
  constructor(prefix = 'vigil') {
    this.prefix = token('prefix', prefix);
  }

  #of(...tokens: readonly string[]): string {
    return `${this.prefix}.${tokens.join('.')}`;
  }

  trigger(kind: string): string {
    return this.#of('trigger', token('trigger', kind));
  }
  get allTriggers(): string {
    return this.#of('trigger', '>');
  }
  get allResults(): string {
    return this.#of('result', '>');
  }
  get allEvents(): string {
    return this.#of('event', '>');
  }

  /** The final result of a request of that kind: analyze, emergency, cycle, coherence, sync. */
  result(kind: string): string {
    return this.#of('result', token('result', kind));
  }
  /** One agent's analysis, published as soon as it is there. */
  analysisResult(agent: string): string {
    return this.#of('result', 'analysis', token('agent', agent));
  }

  agentEvent(agent: string, state: string): string {
    return this.#of('event', 'agent', token('agent', agent), token('state', state));
  }
  interventionEvent(agent: string): string {
    return this.#of('event', 'intervention', token('agent', agent));
  }
  restartEvent(agent: string): string {
    return this.#of('event', 'restart', token('agent', agent));
  }
  /** Restarts of the fleet are held, or are so no longer; its budget of the day. */
  fleetEvent(state: 'held' | 'released' | 'budget'): string {
    return this.#of('event', 'fleet', state);
  }
  hostEvent(host: string, state: string): string {
    return this.#of('event', 'host', token('host', host), token('state', state));
  }
  /** Something in a repository changed; `token` is made by `repoToken`. */
  repoEvent(repo: string, kind: string): string {
    return this.#of('event', 'repo', token('repository', repo), token('kind', kind));
  }
  /** GitHub refuses the token, or takes it again. */
  githubEvent(state: 'disabled' | 'enabled'): string {
    return this.#of('event', 'github', state);
  }
  taskEvent(task: string, state: string): string {
    return this.#of('event', 'task', token('task', task), token('state', state));
  }
  /** Many tasks at once. */
  tasksEvent(state: string): string {
    return this.#of('event', 'tasks', token('state', state));
  }
  /** The model judge's budget of the day is used up. */
  get budgetEvent(): string {
    return this.#of('event', 'judge', 'budget');
  }
  get deadLetter(): string {
    return this.#of('event', 'deadletter');
  }

  /** Root of the request-reply services. */
  get rpcGroup(): string {
    return this.#of('rpc');
  }
  /** A request-reply endpoint, for example `rpc('agents.register')`. */
  rpc(endpoint: string): string {
    return this.#of('rpc', ...endpoint.split('.').map((part) => token('endpoint', part)));
  }

  actor(kind: ActorKind, id: string): string {
    return this.#of('actor', token('kind', kind), token('id', id));
  }
  /** Tells that an actor is there no longer. */
  actorEnded(kind: ActorKind, id: string): string {
    return this.#of('ended', token('kind', kind), token('id', id));
  }
  steer(agent: string): string {
    return this.#of('agent', token('agent', agent), 'steer');
  }
  control(agent: string): string {
    return this.#of('agent', token('agent', agent), 'control');
  }
  heartbeat(agent: string): string {
    return this.#of('agent', token('agent', agent), 'heartbeat');
  }
  get allHeartbeats(): string {
    return this.#of('agent', '*', 'heartbeat');
  }
  output(agent: string): string {
    return this.#of('agent', token('agent', agent), 'output');
  }
  replay(agent: string): string {
    return this.#of('agent', token('agent', agent), 'replay');
  }

  /** The agent of `vigil.agent.<agent>.heartbeat`, or undefined when the subject is another. */
  heartbeatAgent(subject: string): string | undefined {
    const parts = subject.split('.');
    const [prefix, kind, agent = '', last] = parts;
    const fits = parts.length === 4 && prefix === this.prefix && kind === 'agent' && last === 'heartbeat';
    return fits && isId(agent) ? agent : undefined;
  }

  /** The last token of `vigil.trigger.<kind>`, or undefined when the subject is another. */
  triggerKind(subject: string): string | undefined {
    const parts = subject.split('.');
    return parts.length === 3 && parts[0] === this.prefix && parts[1] === 'trigger' ? parts[2] : undefined;
  }

  /** Names of streams and buckets: upper case for streams, lower case for KV buckets, per prefix. */
  get triggerStream(): string {
    return `${this.prefix.toUpperCase()}_TRIGGERS`;
  }
  get resultStream(): string {
    return `${this.prefix.toUpperCase()}_RESULTS`;
  }
  get hostBucket(): string {
    return `${this.prefix}_hosts`;
  }
  get placementBucket(): string {
    return `${this.prefix}_placement`;
  }
}

function token(name: string, value: string): string {
  if (isId(value)) return value;
  throw new VigilError(
    'BAD_REQUEST',
    `${name}: expected 1 to 64 of A-Z a-z 0-9 _ -, got ${JSON.stringify(String(value).slice(0, 40))}`,
  );
}
