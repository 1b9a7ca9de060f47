import { costText, tokensText } from '../../cost/spend-text.js';
import type { AgentRecord } from '../../messages/agents.js';
import { type Failure, parseWith, VigilError } from '../../messages/errors.js';
import { AgentStatusName } from '../../messages/health.js';
import { Id } from '../../messages/ids.js';
import { visible } from '../../messages/visible.js';
import { agentTable, byNeed, repositoryText, span, statusText } from '../agent-table.js';
import { EXIT } from '../exit-codes.js';
import { decisions, everyone, goalOf, goalsOf, trends } from '../fleet-reads.js';
import { failureLines } from '../render.js';
import { type SettingsOptions, settingsOf } from '../settings.js';
import { talk } from '../terminal.js';
import { withClient } from '../with-client.js';

type Options = SettingsOptions & { readonly json?: boolean };

const TIMEOUT_MS = 10_000;
const DEFAULT_DEADLINE_S = 60;
/** Over the restarts' own times, so that the supervisor's answer comes first. */
const GRACE_MS = 5_000;

/** All agents, those that need a person first. */
export interface ListOptions extends Options {
  readonly state?: string;
  readonly unseen?: boolean;
}

export async function list(options: ListOptions): Promise<number> {
  const state =
    options.state === undefined ? undefined : parseWith(AgentStatusName, options.state, '--state');
  const [all, pending, judged] = await withClient(options, (client) =>
    Promise.all([everyone(client), decisions(client), trends(client, 1)]),
  );
  const agents = byNeed(
    all.filter(
      ({ status }) =>
        (state === undefined || status.state === state) && (options.unseen !== true || status.unseen),
    ),
    pending,
  );
  if (options.json === true) for (const agent of agents) console.log(JSON.stringify(agent));
  else if (agents.length > 0) console.log(agentTable(agents, goalsOf(judged), Date.now()));
  else
    console.error(
      all.length > 0
        ? `no agent ${options.unseen === true ? 'has ended unseen' : `is ${state}`}`
        : 'no agent is on record; "vigil watch" finds sessions',
    );
  return EXIT.fine;
}

export async function get(agent: string, options: Options): Promise<number> {
  const id = parseWith(Id, agent, 'AGENT');
  const [record, found] = await withClient(options, async (client) => {
    const record = await client.request('agents.get', { id }, TIMEOUT_MS);
    const isAsked = options.json !== true && record.goal === undefined;
    return [record, isAsked ? await goalOf(client, id) : ''] as const;
  });
  if (options.json === true) console.log(JSON.stringify(record, null, 2));
  else for (const line of linesOf(record, found)) console.log(line);
  return EXIT.fine;
}

export interface RestartOptions extends Options {
  readonly reason?: string;
  readonly timeout?: number;
}

export async function restart(agents: readonly string[], options: RestartOptions): Promise<number> {
  const ids = idsOf(agents);
  const deadlineMs = (options.timeout ?? DEFAULT_DEADLINE_S) * 1_000;
  const { health } = settingsOf(options).settings;
  const timeoutMs = deadlineMs + health.controlMs + health.upMs + GRACE_MS;
  const { reason } = options;
  const done = await withClient(options, (client) =>
    client.request('agents.restart', { ids, reason, deadlineMs }, timeoutMs),
  );
  if (options.json === true) console.log(JSON.stringify(done, null, 2));
  else {
    for (const { agent, outcome, at, finishedAt } of done.restarts)
      if (outcome === 'restarted' || outcome === 'acknowledged')
        console.log(
          `${agent} ${outcome} in ${((Date.parse(finishedAt) - Date.parse(at)) / 1_000).toFixed(1)} s`,
        );
    if (done.failures.length > 0) console.error(failureLines(done.failures, talk));
  }
  return exitOf(done.failures, ids.length);
}

export interface WhoseOptions extends Options {
  readonly all?: boolean;
  readonly reason?: string;
}

export async function pause(agents: readonly string[], options: WhoseOptions): Promise<number> {
  const body = { ...whose(agents, options), reason: options.reason };
  const done = await withClient(options, (client) => client.request('agents.pause', body, TIMEOUT_MS));
  if (options.json === true) console.log(JSON.stringify(done));
  else if (done.fleet) console.log('the fleet is under maintenance: nobody is restarted or steered');
  else for (const agent of done.paused) console.log(`${agent} is under maintenance`);
  for (const agent of done.unknown) console.error(`vigil: no agent ${agent}`);
  return done.unknown.length > 0 ? EXIT.notFound : EXIT.fine;
}

export async function resume(agents: readonly string[], options: WhoseOptions): Promise<number> {
  const body = whose(agents, options);
  const done = await withClient(options, (client) => client.request('agents.resume', body, TIMEOUT_MS));
  if (options.json === true) console.log(JSON.stringify(done));
  else {
    if (done.released) console.log('restarts go on');
    if (done.fleet) console.log('the maintenance of the fleet is over');
    for (const agent of done.resumed) console.log(`${agent} is watched again`);
    if (!done.released && !done.fleet && done.resumed.length === 0)
      console.error('nothing was paused or held');
  }
  return EXIT.fine;
}

/** Somebody has looked at agents that ended. */
export async function acknowledge(agents: readonly string[], options: WhoseOptions): Promise<number> {
  const body = whose(agents, options);
  const done = await withClient(options, (client) => client.request('agents.ack', body, TIMEOUT_MS));
  if (options.json === true) console.log(JSON.stringify(done));
  else for (const agent of done.acknowledged) console.log(`${agent} acknowledged`);
  for (const agent of done.unknown) console.error(`vigil: no agent ${agent}`);
  if (done.acknowledged.length === 0 && done.unknown.length === 0) console.error('nothing had ended unseen');
  return done.unknown.length > 0 ? EXIT.notFound : EXIT.fine;
}

export async function remove(agents: readonly string[], options: Options): Promise<number> {
  const ids = idsOf(agents);
  const { removed } = await withClient(options, (client) =>
    client.request('agents.remove', { ids }, TIMEOUT_MS),
  );
  if (options.json === true) console.log(JSON.stringify({ removed }));
  else for (const agent of removed) console.log(`${agent} removed`);
  const missing = ids.filter((id) => !removed.includes(id));
  for (const agent of missing) console.error(`vigil: no agent ${agent}`);
  return missing.length > 0 ? EXIT.notFound : EXIT.fine;
}

function idsOf(agents: readonly string[]): string[] {
  return [...new Set(agents.map((agent) => parseWith(Id, agent, 'AGENT')))];
}

function whose(agents: readonly string[], { all }: WhoseOptions): { ids: string[] } | { fleet: true } {
  if (all === true && agents.length > 0)
    throw new VigilError('BAD_REQUEST', 'name agents or --all, not both');
  if (all === true) return { fleet: true };
  if (agents.length === 0) throw new VigilError('BAD_REQUEST', 'name agents, or --all for the whole fleet');
  return { ids: idsOf(agents) };
}

function exitOf(failures: readonly Failure[], asked: number): number {
  if (failures.length === 0) return EXIT.fine;
  const unknown = failures.filter(({ code }) => code === 'NOT_FOUND').length;
  return unknown === asked ? EXIT.notFound : EXIT.failure;
}

/** @param found the goal that its log names. */
function linesOf(record: AgentRecord, found: string): string[] {
  const { status, health, lastAnalysis, spend } = record;
  const today = { tokens: spend.tokensToday, usd: spend.usdToday, unpriced: spend.unpriced };
  const age = status.ageMs === null ? '' : `, latest sign ${span(status.ageMs)} ago`;
  const gaps = `${health.lost} lost, ${health.duplicates} twice, ${health.reordered} late`;
  const lines: [string, string][] = [
    ['agent', record.id],
    ['status', `${statusText(status)} since ${status.since}, by ${status.source ?? 'nothing'}${age}`],
    [
      'heartbeat',
      health.level === 'unwatched'
        ? 'none'
        : `${health.level}, last ${health.lastHeartbeat}, ${health.missed} missed, ${health.instances} instances; ${gaps}`,
    ],
    ['goal', (record.goal ?? found) || '-'],
    ['logs', record.stream === true ? 'sent over the broker' : record.logs.join(', ') || '-'],
    ['workspace', record.workspace ?? '-'],
    [
      'works in',
      record.place === null ? '-' : `${repositoryText(record.place, 200)} (${record.place.folder})`,
    ],
    [
      'used',
      `${tokensText(spend.tokens)} tokens, ${costText(spend)}; today ${tokensText(spend.tokensToday)}, ${costText(today)}`,
    ],
    ['host', record.host ?? 'unplaced'],
    [
      'verdict',
      lastAnalysis === null
        ? '-'
        : `${lastAnalysis.phase}, aligned ${lastAnalysis.alignmentScore.toFixed(2)}, ${lastAnalysis.steeringType ?? 'no steering'} (${lastAnalysis.at})`,
    ],
  ];
  const { failure } = record;
  if (failure !== undefined) {
    lines.push(['failed', `exit code ${failure.exitCode}`]);
    for (const line of failure.lines) lines.push(['', `| ${line}`]);
    lines.push(['next', failure.next]);
  }
  if (health.paused) lines.push(['', 'under maintenance: neither restarted nor steered']);
  if (health.escalated) lines.push(['', 'restarted too often: Vigil leaves it to you']);
  return lines.map(([name, text]) => `${name.padEnd(10)}${visible(text)}`);
}
