import { isAbsolute } from 'node:path';
import { headBranch } from '../../github/head-branch.js';
import { closedBy, linksOf, namesIn } from '../../github/links.js';
import { VigilError } from '../../messages/errors.js';
import type { PullSummary, REPO_REQUESTS } from '../../messages/github.js';
import type { OpenPull } from '../../store/mirror.js';
import type { Store } from '../../store/store.js';
import type { Handlers } from '../rpc-service.js';

const SHOWN = 100;

/** What the endpoints about repositories do. */
export function repoHandlers(store: Store): Pick<Handlers, keyof typeof REPO_REQUESTS> {
  const { repositories, mirror } = store;
  return {
    'repos.list': ({ after = '', limit }) => {
      const found = repositories.list(after, limit + 1);
      const repos = found.slice(0, limit);
      return { repos, next: found.length > limit ? (repos.at(-1)?.token ?? null) : null };
    },
    'repos.get': async ({ repo }) => {
      const found = repositories.find(repo);
      const record = found === undefined ? undefined : repositories.record(found.token);
      if (record === undefined)
        throw new VigilError('NOT_FOUND', `no repository ${repo} on record; add it with "vigil repos add"`);
      const pulls = mirror.openPulls(record.token, SHOWN);
      return { ...record, pulls: pulls.map(summaryOf), links: await linksIn(store, record.token, pulls) };
    },
    'repos.add': ({ repos }) =>
      store.write(() => {
        const now = Date.now();
        const added = repos.filter((repo) => repositories.add(repo, 'wire', now));
        return { added, known: repos.filter((repo) => !added.includes(repo)) };
      }),
    'repos.remove': ({ repos }) =>
      store.write(() => ({ removed: repos.filter((repo) => repositories.remove(repo)) })),
  };
}

function summaryOf({ passed, failed, running, draft, body: _body, ...pull }: OpenPull): PullSummary {
  return { ...pull, draft: draft === 1, checks: { passed, failed, running } };
}

async function linksIn(store: Store, token: string, pulls: readonly OpenPull[]) {
  const agents = await Promise.all(
    store.agents.active().map(async ({ id, workspace }) => ({
      id,
      // Workspaces on other machines are not seen from here.
      branch: workspace !== undefined && isAbsolute(workspace) ? await headBranch(workspace) : undefined,
    })),
  );
  // There may be a million tasks: those are looked up that the texts could name.
  const tasks = store.tasks.edges.check([...new Set(pulls.flatMap(namesIn))]).map(({ id }) => id);
  const issues = store.issueTasks.tasksOf(token, [...new Set(pulls.flatMap(closedBy))]);
  return linksOf({ agents, tasks, pulls, issues });
}
