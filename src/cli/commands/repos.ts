import Table from 'cli-table3';
import type { Failure } from '../../messages/errors.js';
import { parseWith } from '../../messages/errors.js';
import { RepoName, type RepositoryRecord } from '../../messages/github.js';
import type { ReplyOf } from '../../messages/requests.js';
import { visible } from '../../messages/visible.js';
import type { Client } from '../client.js';
import { EXIT } from '../exit-codes.js';
import { cut, failureLines, NO_BORDERS } from '../render.js';
import type { SettingsOptions } from '../settings.js';
import { talk } from '../terminal.js';
import { withClient } from '../with-client.js';

type Options = SettingsOptions & { readonly json?: boolean };

const TIMEOUT_MS = 10_000;
const PAGE = 500;
const DEFAULT_DEADLINE_S = 600;
/** Over the request's own deadline, so that the supervisor's answer comes first. */
const GRACE_MS = 10_000;

export async function list(options: Options): Promise<number> {
  const repos = await withClient(options, everyone);
  if (options.json === true) for (const each of repos) console.log(JSON.stringify(each));
  else if (repos.length > 0) console.log(tableOf(repos));
  else console.error('no repository is on record; "vigil repos add owner/name" adds one');
  return EXIT.fine;
}

export async function get(name: string, options: Options): Promise<number> {
  const repo = parseWith(RepoName, name, 'REPO');
  const found = await withClient(options, (client) => client.request('repos.get', { repo }, TIMEOUT_MS));
  if (options.json === true) console.log(JSON.stringify(found, null, 2));
  else for (const line of linesOf(found)) console.log(visible(line));
  return EXIT.fine;
}

export interface SyncOptions extends Options {
  readonly concurrent?: number;
  readonly timeout?: number;
}

export async function sync(names: readonly string[], options: SyncOptions): Promise<number> {
  const deadlineMs = (options.timeout ?? DEFAULT_DEADLINE_S) * 1_000;
  const body = {
    ...(names.length === 0 ? {} : { repos: namesOf(names) }),
    maxConcurrent: options.concurrent,
    deadlineMs,
  };
  const done = await withClient(options, (client) => client.request('sync', body, deadlineMs + GRACE_MS));
  if (options.json === true) console.log(JSON.stringify(done, null, 2));
  else {
    for (const { repo, issues, pulls, reviews, checks, commits, more } of done.items)
      console.log(
        `${repo}: ${issues} issues, ${pulls} pull requests, ${reviews} reviews, ${checks} checks, ${commits} commits new or changed${more ? '; there is more, sync again' : ''}`,
      );
    if (done.failures.length > 0) console.error(failureLines(done.failures, talk));
    if (done.requested === 0)
      console.error('no repository is on record; "vigil repos add owner/name" adds one');
  }
  return exitOf(done.failures, done.requested);
}

export async function add(names: readonly string[], options: Options): Promise<number> {
  const repos = namesOf(names);
  const done = await withClient(options, (client) => client.request('repos.add', { repos }, TIMEOUT_MS));
  if (options.json === true) console.log(JSON.stringify(done));
  else {
    for (const repo of done.added) console.log(`${repo} added`);
    for (const repo of done.known) console.error(`${repo} is on record already`);
  }
  return EXIT.fine;
}

export async function remove(names: readonly string[], options: Options): Promise<number> {
  const repos = namesOf(names);
  const { removed } = await withClient(options, (client) =>
    client.request('repos.remove', { repos }, TIMEOUT_MS),
  );
  if (options.json === true) console.log(JSON.stringify({ removed }));
  else for (const repo of removed) console.log(`${repo} removed`);
  const missing = repos.filter((repo) => !removed.includes(repo));
  for (const repo of missing) console.error(`vigil: no repository ${repo}`);
  return missing.length > 0 ? EXIT.notFound : EXIT.fine;
}

async function everyone(client: Client): Promise<RepositoryRecord[]> {
  const all: RepositoryRecord[] = [];
  for (let after: string | null | undefined; after !== null; ) {
    const page = await client.request('repos.list', { after, limit: PAGE }, TIMEOUT_MS);
    all.push(...page.repos);
    after = page.next;
  }
  return all;
}

function namesOf(names: readonly string[]): string[] {
  return [...new Set(names.map((name) => parseWith(RepoName, name, 'REPO')))];
}

function exitOf(failures: readonly Failure[], asked: number): number {
  if (failures.length === 0) return EXIT.fine;
  const unknown = failures.filter(({ message }) => message.startsWith('not on record')).length;
  return unknown === asked ? EXIT.notFound : EXIT.failure;
}

function tableOf(repos: readonly RepositoryRecord[]): string {
  const table = new Table({
    head: ['REPOSITORY', 'STATE', 'ISSUES', 'PULLS', 'COMMITS', 'SYNCED', 'ERROR'],
    chars: NO_BORDERS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  for (const each of repos)
    table.push([
      cut(each.repo, 60),
      each.state,
      each.openIssues,
      each.openPulls,
      each.commits,
      each.syncedAt ?? 'never',
      cut(each.lastError ?? '-', 80),
    ]);
  return table.toString();
}

function linesOf(found: ReplyOf<'repos.get'>): string[] {
  const lines = [
    `repository  ${found.repo}${found.private ? ' (private)' : ''}${found.archived ? ' (archived)' : ''}`,
    `state       ${found.state}${found.lastError === null ? '' : `, ${found.lastError}`}`,
    `id          ${found.token}`,
    `synced      ${found.syncedAt ?? 'never'}`,
    `branch      ${found.defaultBranch ?? '-'}, ${found.commits} commits on record`,
    `open        ${found.openIssues} issues, ${found.openPulls} pull requests`,
  ];
  for (const pull of found.pulls) {
    const { passed, failed, running } = pull.checks;
    const whose = found.links
      .filter((link) => link.pull === pull.number)
      .map(({ agent, task, by }) => `${agent === undefined ? `task ${task}` : `agent ${agent}`} by ${by}`);
    lines.push(
      `  #${pull.number} ${pull.title} (${pull.branch}): ${pull.approvals} approve, ${pull.changesRequested} ask for changes; checks ${passed} passed, ${failed} failed, ${running} running${whose.length > 0 ? `; ${whose.join(', ')}` : ''}`,
    );
  }
  return lines;
}
