import type { z } from 'zod';
import { Control, ControlReply, Heartbeat, Output, Replay, Steer, SteerReply } from './agent-wire.js';
import { BudgetReached } from './cost.js';
import { GitHubAccess, IssueTaskRefused, RepoChanged, RepoChangeKind, RepoStateChanged } from './github.js';
import {
  AgentAcknowledged,
  AgentAnomaly,
  AgentEscalated,
  AgentHealthChanged,
  AgentStatusChanged,
  AgentStatusName,
  FleetHeld,
  FleetReleased,
  RestartEvent,
} from './health.js';
import { Intervention } from './interventions.js';
import { type Endpoint, ErrorReply, REQUESTS } from './requests.js';
import {
  AgentFailed,
  AgentResumed,
  AgentWaiting,
  AnalysisResult,
  BudgetExhausted,
  DeadLetter,
  HostJoined,
  HostLost,
  RESULTS,
  RefusedResult,
  type ResultKind,
} from './results.js';
import { TaskChanged, TaskState, TasksChanged } from './tasks.js';
import { TRIGGERS, type TriggerKind } from './triggers.js';

/** A message of the public interface. */
export interface PublicMessage {
  /** Its schema's name; one name is one schema. */
  readonly name: string;
  readonly schema: z.ZodType;
}

/** A subject of the public interface, with what travels on it. */
export interface Channel {
  readonly name: string;
  /** The subject below the prefix; `<name>` stands for one token, an id. */
  readonly pattern: string;
  /** What Vigil does there. `answer`: it receives a request and replies. */
  readonly direction: 'receive' | 'send' | 'answer';
  /** One of them is in each message. */
  readonly messages: readonly PublicMessage[];
  /** Of `answer`: the reply when all went well, then the one when not. */
  readonly replies: readonly PublicMessage[];
  /** The JetStream stream that keeps it. */
  readonly stream: 'triggers' | 'results' | undefined;
  readonly description: string;
}

const TRIGGER_TEXTS: Readonly<Record<TriggerKind, string>> = {
  analyze: 'Analyses the given agents, or all active ones.',
  emergency: "Forced analysis of the given agents and the fleet's coherence, at the same time.",
  cycle: 'One monitoring cycle now: analyses and coherence, then interventions.',
  coherence: "The fleet's coherence now.",
  sync: 'Reads what is new of the repositories on record, or of the given ones.',
};

const RESULT_TEXTS: Readonly<Record<ResultKind, string>> = {
  analyze: 'Final result of an analysis.',
  emergency: 'Final result of an emergency analysis.',
  cycle: 'Final result of a monitoring cycle, triggered or scheduled.',
  coherence: 'Final result of a coherence analysis.',
  sync: 'Final result of a sync of repositories, triggered or scheduled.',
};

const ENDPOINT_TEXTS: Readonly<Record<Endpoint, string>> = {
  analyze: 'The trigger of this name as a request: replies with its final result.',
  emergency: 'The trigger of this name as a request: replies with its final result.',
  cycle: 'The trigger of this name as a request: replies with its final result.',
  coherence: 'The trigger of this name as a request: replies with its final result.',
  sync: 'The trigger of this name as a request: replies with its final result.',
  'repos.list': 'Repositories on record, by their id, in pages.',
  'repos.get': 'One repository, with its open pull requests and whose they are.',
  'repos.add': 'Puts repositories on record, to be read from the next sync on.',
  'repos.remove': 'Forgets repositories and all that was read of them.',
  'agents.register': 'Puts agents on record and watches them; one that is known gets the new particulars.',
  'agents.list': 'Agents on record, by id, in pages.',
  'agents.get': 'One agent.',
  'agents.remove': 'Forgets agents; ids that are not on record are passed over.',
  'agents.steer': 'Tells an agent something now; replies with how far it got.',
  'interventions.list': 'Interventions, the newest first, in pages.',
  'interventions.decide': 'Approves or rejects an intervention that waits for a person.',
  'interventions.take':
    'Gives the messages that wait for an agent to whoever can show them to it (a hook of its session).',
  'agents.restart':
    'Restarts agents now, some at a time; replies when each is up again, has failed or timed out.',
  'agents.pause':
    'Maintenance: agents, or the whole fleet, are neither restarted nor steered until they are resumed.',
  'agents.resume': 'Ends maintenance; for the fleet, also lets restarts go on that are held.',
  'agents.ack': 'Acknowledges that agents have ended: they are no longer shown as unseen.',
  'agents.note':
    'A hook of a session says that it waits for a person, which its log does not tell; it stands until the log goes on.',
  cost: 'What agents have used, in tokens and in money by estimate, by agent, repository, day or model.',
  'tasks.add': 'Adds tasks, all or none; they may depend on each other and on what is there.',
  'tasks.get': 'One task.',
  'tasks.list': 'Tasks in order of creation, in pages.',
  'tasks.ready': 'The next tasks that a claim would hand out, the best first; they stay ready.',
  'tasks.check': 'State and open dependencies of many tasks.',
  'tasks.assigned': 'What agents hold now, for many agents at once.',
  'tasks.claim': 'Hands ready tasks to an agent, the best first, each with a lease and a token.',
  'tasks.start': 'The agent begins with a task; its lease begins anew.',
  'tasks.heartbeat': 'The agent still works on tasks; their leases begin anew.',
  'tasks.complete': 'A task is done. Sent again with the same token it is the same.',
  'tasks.fail': 'A task went wrong: it is tried again after a wait, or given up.',
  'tasks.release': 'Gives a task back; that counts as no failure.',
  'tasks.batch': 'Completes, fails and releases many tasks and claims the next, in one transaction.',
  'tasks.cancel': 'Cancels tasks, with or without what waits for them.',
  'tasks.retry': 'Opens tasks again that failed or were cancelled.',
  'tasks.reprioritise': 'Changes the priority or the deadline of tasks.',
  'tasks.explain': "A task's score in its terms, what it waits for, and how much waits for it.",
  'tasks.graph': 'The dependency graph, for drawing.',
  'history.fleet':
    'What was judged of each active agent lately: scores, latest action, tokens, restarts; in pages.',
  'history.agent': "An agent's latest verdict in full, and its scores over time.",
  'history.verdicts': 'Verdicts of one agent in full, as they were given, in pages.',
  'history.coherence': "The fleet's latest coherence report, and its scores over time.",
  'logs.tail': "The end of an agent's event stream, read where its logs are.",
  status: 'What runs: agents, hosts, requests, the supervision tree.',
};

/** Replies that are a thing with a name of its own. */
const REPLY_NAMES: Readonly<{ [E in Endpoint]?: string }> = {
  'agents.get': 'AgentRecord',
  'agents.steer': 'Intervention',
  'tasks.get': 'Task',
  'tasks.cancel': 'ChangedTasks',
  'tasks.retry': 'ChangedTasks',
  'tasks.reprioritise': 'ChangedTasks',
  'interventions.decide': 'Intervention',
};

const ERROR_REPLY: PublicMessage = { name: 'ErrorReply', schema: ErrorReply };
const REFUSED: PublicMessage = { name: 'RefusedResult', schema: RefusedResult };

/** `agents.register` with `Reply` becomes `AgentsRegisterReply`. */
function nameOf(dotted: string, suffix: string): string {
  const words = dotted.split('.').map((word) => word.slice(0, 1).toUpperCase() + word.slice(1));
  return `${words.join('')}${suffix}`;
}

function triggers(): Channel[] {
  return (Object.keys(TRIGGERS) as TriggerKind[]).map((kind) => ({
    name: `trigger-${kind}`,
    pattern: `trigger.${kind}`,
    direction: 'receive',
    messages: [{ name: nameOf(kind, 'Trigger'), schema: TRIGGERS[kind] }],
    replies: [],
    stream: 'triggers',
    description: TRIGGER_TEXTS[kind],
  }));
}

function requests(): Channel[] {
  return (Object.keys(REQUESTS) as Endpoint[]).map((endpoint) => {
    const isTrigger = Object.hasOwn(TRIGGERS, endpoint);
    const { request, reply } = REQUESTS[endpoint];
    return {
      name: `rpc-${endpoint.replaceAll('.', '-')}`,
      pattern: `rpc.${endpoint}`,
      direction: 'answer',
      messages: [{ name: nameOf(endpoint, isTrigger ? 'Trigger' : 'Request'), schema: request }],
      replies: [
        { name: REPLY_NAMES[endpoint] ?? nameOf(endpoint, isTrigger ? 'Result' : 'Reply'), schema: reply },
        ERROR_REPLY,
      ],
      stream: undefined,
      description: ENDPOINT_TEXTS[endpoint],
    };
  });
}

function finalResults(): Channel[] {
  return (Object.keys(RESULTS) as ResultKind[]).map((kind) =>
    sent(
      `result.${kind}`,
      [{ name: nameOf(kind, 'Result'), schema: RESULTS[kind] }, REFUSED],
      RESULT_TEXTS[kind],
    ),
  );
}

/** What agents say and are told on subjects of their own; `vigil run` is the agent's side of it. */
function agentWire(): Channel[] {
  const channel = (
    last: string,
    message: PublicMessage,
    description: string,
    reply?: PublicMessage,
  ): Channel => ({
    name: `agent-agent-${last}`,
    pattern: `agent.<agent>.${last}`,
    direction: reply === undefined ? 'receive' : 'answer',
    messages: [message],
    replies: reply === undefined ? [] : [reply, ERROR_REPLY],
    stream: undefined,
    description,
  });
  return [
    channel('heartbeat', { name: 'Heartbeat', schema: Heartbeat }, 'An agent says how its process is.'),
    channel(
      'output',
      { name: 'Output', schema: Output },
      'Lines of an agent that was registered with `stream: true`; the host that has it reads them as its log.',
    ),
    channel(
      'replay',
      { name: 'Replay', schema: Replay },
      'A host asks an agent for its latest lines once more, on `output`: after a move, or when they came before it listened.',
    ),
    channel(
      'steer',
      { name: 'Steer', schema: Steer },
      'Tells a managed agent something; `vigil run` writes it to its standard input or steering file and acknowledges.',
      { name: 'SteerReply', schema: SteerReply },
    ),
    channel(
      'control',
      { name: 'Control', schema: Control },
      'Restarts, stops, pauses or resumes a managed agent; `vigil run` does it and acknowledges.',
      { name: 'ControlReply', schema: ControlReply },
    ),
  ];
}

function sent(pattern: string, messages: readonly PublicMessage[], description: string): Channel {
  const name = pattern.replaceAll(/<|>/g, '').replaceAll('.', '-');
  return { name, pattern, direction: 'send', messages, replies: [], stream: 'results', description };
}

/**
 * Every subject of the public interface: the one table that the AsyncAPI document, the reference and the tests are
 * made from. Subjects themselves are built by `Subjects`.
 */
export const CHANNELS: readonly Channel[] = [
  ...triggers(),
  ...requests(),
  sent(
    'result.analysis.<agent>',
    [{ name: 'AnalysisResult', schema: AnalysisResult }],
    "One agent's verdict, as soon as it is there; none when its log has not changed.",
  ),
  ...finalResults(),
  sent('result.<kind>', [REFUSED], 'The answer to a trigger of a kind that does not exist.'),
  sent(
    'event.intervention.<agent>',
    [{ name: 'Intervention', schema: Intervention }],
    'What to tell an agent that needs steering; once more with each step it takes: approved, delivered, what it did.',
  ),
  sent(
    'event.agent.<agent>.failed',
    [{ name: 'AgentFailed', schema: AgentFailed }],
    "An agent's actor crashed too often and was given up.",
  ),
  sent(
    'event.agent.<agent>.waiting',
    [{ name: 'AgentWaiting', schema: AgentWaiting }],
    'An agent waits for a person: a question, a plan or a permission. Said once, until it goes on.',
  ),
  sent(
    'event.agent.<agent>.resumed',
    [{ name: 'AgentResumed', schema: AgentResumed }],
    'An agent that waited for a person has gone on.',
  ),
  ...AgentStatusName.options.map((state) =>
    sent(
      `event.agent.<agent>.${state}`,
      [{ name: 'AgentStatusChanged', schema: AgentStatusChanged }],
      `An agent's status is \`${state}\` now.`,
    ),
  ),
  sent(
    'event.agent.<agent>.acknowledged',
    [{ name: 'AgentAcknowledged', schema: AgentAcknowledged }],
    'Somebody has acknowledged that an agent ended.',
  ),
  sent(
    'event.agent.<agent>.health',
    [{ name: 'AgentHealthChanged', schema: AgentHealthChanged }],
    'An agent missed one heartbeat more, or is back.',
  ),
  sent(
    'event.agent.<agent>.anomaly',
    [{ name: 'AgentAnomaly', schema: AgentAnomaly }],
    "A figure of an agent's heartbeat is far from its own history.",
  ),
  sent(
    'event.agent.<agent>.escalated',
    [{ name: 'AgentEscalated', schema: AgentEscalated }],
    'An agent is restarted no more: a person has to look.',
  ),
  sent(
    'event.restart.<agent>',
    [{ name: 'RestartEvent', schema: RestartEvent }],
    'An agent was restarted, or could not be.',
  ),
  sent(
    'event.agent.<agent>.budget',
    [{ name: 'BudgetReached', schema: BudgetReached }],
    'An agent has used 80 % of its budget of the day, or all of it. Said once each.',
  ),
  sent(
    'event.fleet.budget',
    [{ name: 'BudgetReached', schema: BudgetReached }],
    'The fleet has used 80 % of its budget of the day, or all of it. Said once each.',
  ),
  sent(
    'event.fleet.held',
    [{ name: 'FleetHeld', schema: FleetHeld }],
    'A large part of the fleet fell silent at once: restarts are held, a person has to look.',
  ),
  sent(
    'event.fleet.released',
    [{ name: 'FleetReleased', schema: FleetReleased }],
    'Restarts are held no longer.',
  ),
  sent('event.host.<host>.joined', [{ name: 'HostJoined', schema: HostJoined }], 'A host joined the fleet.'),
  sent(
    'event.host.<host>.lost',
    [{ name: 'HostLost', schema: HostLost }],
    'A host is gone; its agents are moved to the hosts that are left.',
  ),
  ...agentWire(),
  ...RepoChangeKind.options.map((kind) =>
    sent(
      `event.repo.<repository>.${kind}`,
      [{ name: 'RepoChanged', schema: RepoChanged }],
      `A ${kind === 'pull' ? 'pull request' : kind} of a repository is new or has changed. What it held at its first sync is no event.`,
    ),
  ),
  sent(
    'event.repo.<repository>.state',
    [{ name: 'RepoStateChanged', schema: RepoStateChanged }],
    'A repository was deleted, hidden from the token, renamed, or is there again.',
  ),
  sent(
    'event.repo.<repository>.task-refused',
    [{ name: 'IssueTaskRefused', schema: IssueTaskRefused }],
    'An issue that is to be a task cannot be one, or cannot be followed in all. Told anew when the reason changes.',
  ),
  sent(
    'event.github.disabled',
    [{ name: 'GitHubAccess', schema: GitHubAccess }],
    'GitHub refuses the token: nothing is synced by itself any more, a person has to look.',
  ),
  sent(
    'event.github.enabled',
    [{ name: 'GitHubAccess', schema: GitHubAccess }],
    'GitHub takes the token again.',
  ),
  ...TaskState.options.map((state) =>
    sent(
      `event.task.<task>.${state}`,
      [{ name: 'TaskChanged', schema: TaskChanged }],
      `A task is ${state}. Published for the states that the setting \`tasks.events\` names.`,
    ),
  ),
  ...TaskState.options.map((state) =>
    sent(
      `event.tasks.${state}`,
      [{ name: 'TasksChanged', schema: TasksChanged }],
      `More than \`tasks.maxEvents\` tasks are ${state} by one request.`,
    ),
  ),
  sent(
    'event.judge.budget',
    [{ name: 'BudgetExhausted', schema: BudgetExhausted }],
    "The model judge's budget of the day is used up; the rules judge alone.",
  ),
  sent('event.deadletter', [{ name: 'DeadLetter', schema: DeadLetter }], 'A message that nobody could take.'),
];

/** Taken apart once: each message that leaves is looked up. */
const PATTERNS = CHANNELS.map((channel) => {
  const parts = channel.pattern.split('.');
  return { channel, parts, words: parts.filter((part) => !isParameter(part)).length };
});

/**
 * The channels that a subject belongs to: one, or none when it is not public. A word that stands in a pattern comes
 * before an id: `result.cycle` is the result of a cycle and not the answer to a trigger of an unknown kind.
 */
export function channelsOf(subject: string, prefix = 'vigil'): readonly Channel[] {
  const tokens = subject.split('.');
  if (tokens.shift() !== prefix) return [];
  const matching = PATTERNS.filter(({ parts }) => matches(parts, tokens));
  const most = Math.max(...matching.map(({ words }) => words));
  return matching.filter(({ words }) => words === most).map(({ channel }) => channel);
}

function matches(pattern: readonly string[], tokens: readonly string[]): boolean {
  return (
    pattern.length === tokens.length && pattern.every((part, i) => isParameter(part) || part === tokens[i])
  );
}

function isParameter(part: string): boolean {
  return part.startsWith('<');
}
