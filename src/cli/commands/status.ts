import { costText, tokensText } from '../../cost/spend-text.js';
import type { PoolFigures } from '../../messages/figures.js';
import type { Status, TreeNode } from '../../messages/requests.js';
import { visible } from '../../messages/visible.js';
import { EXIT } from '../exit-codes.js';
import type { SettingsOptions } from '../settings.js';
import { withClient } from '../with-client.js';

const TIMEOUT_MS = 5_000;

type Options = SettingsOptions & { readonly json?: boolean };

export async function status(options: Options): Promise<number> {
  const found = await fetchStatus(options);
  if (options.json === true) console.log(JSON.stringify(found, null, 2));
  else {
    const { agents, broker, health, hosts, requests, cycles, judge } = found;
    console.log(`vigil ${found.version}, pid ${found.pid}, since ${found.startedAt}`);
    console.log(
      `agents    ${agents.active} active, ${agents.inactive} inactive, ${agents.unplaced} unplaced`,
    );
    console.log(`health    ${healthText(health)}`);
    console.log(
      `requests  ${requests.running} running, ${requests.waitingResults} results waiting to be sent`,
    );
    console.log(`cycles    ${cycles.run} run, ${cycles.skipped} skipped`);
    console.log(
      `broker    ${broker.connected ? 'connected' : 'away'}, lost ${broker.disconnects} times, ${broker.complaints} complaints${broker.last === undefined ? '' : ` (last: ${visible(broker.last)})`}`,
    );
    if (judge.kind === 'llm')
      console.log(`judge     model, ${judge.tokensToday} of ${judge.tokensPerDay} tokens today`);
    console.log(
      `used      ${tokensText(found.cost.tokens)} tokens by the agents today (UTC), ${costText(found.cost)}`,
    );
    console.log(`letters   ${found.deadLetters} dead`);
    for (const line of githubLines(found.github)) console.log(line);
    for (const pool of found.pools) console.log(`pool      supervisor  ${poolText(pool)}`);
    for (const host of hosts) {
      console.log(
        `host      ${host.id}  pid ${host.pid}  ${host.agents} agents${host.label === undefined ? '' : `  label ${host.label}`}`,
      );
      for (const pool of host.pools) console.log(`pool      ${host.id}  ${poolText(pool)}`);
    }
  }
  return EXIT.fine;
}

export async function tree(options: Options): Promise<number> {
  const { tree: root } = await fetchStatus(options);
  if (options.json === true) console.log(JSON.stringify(root, null, 2));
  else for (const line of linesOf(root)) console.log(line);
  return EXIT.fine;
}

function healthText(health: Status['health']): string {
  const { watched, warning, degraded, unresponsive, escalated, restarts, paused, fleetPaused, held } = health;
  const facts = [
    `${watched} with a heartbeat`,
    `${warning + degraded} late`,
    `${unresponsive} silent`,
    `${restarts} restarts`,
    ...(escalated > 0 ? [`${escalated} given up`] : []),
    ...(paused > 0 ? [`${paused} under maintenance`] : []),
    ...(fleetPaused ? ['the fleet is under maintenance'] : []),
    ...(held ? ['restarts are held (vigil agents resume --all)'] : []),
  ];
  return facts.join(', ');
}

function githubLines({ quota, refusal }: Status['github']): string[] {
  return [
    ...(quota === undefined
      ? []
      : [`github    ${quota.remaining} of ${quota.limit} requests left until ${quota.resetAt}`]),
    ...(refusal === undefined ? [] : [`github    ${visible(refusal)}`]),
  ];
}

function poolText({ name, threads, running, waiting, utilisation, bytes }: PoolFigures): string {
  const busy = `${Math.round(utilisation * 100)} % busy`;
  return `${name}: ${threads} threads ${busy}, ${running} running, ${waiting} waiting, ${bytes} bytes under way`;
}

function fetchStatus(options: Options): Promise<Status> {
  return withClient(options, (client) => client.request('status', {}, TIMEOUT_MS));
}

function linesOf(node: TreeNode, first = '', rest = ''): string[] {
  const facts = [
    node.state,
    ...(node.host === undefined ? [] : [node.host]),
    ...(node.restarts === 0 ? [] : [`${node.restarts} restarts`]),
    ...(node.mailbox === undefined ? [] : [`mailbox ${node.mailbox}`]),
    ...(node.lastError === undefined ? [] : [`last error: ${visible(node.lastError)}`]),
  ];
  const more: TreeNode[] =
    node.omitted === undefined
      ? []
      : [{ kind: '…', id: `${node.omitted} more`, state: 'running', restarts: 0 }];
  const children = [...(node.children ?? []), ...more];
  return [
    `${first}${node.kind} ${node.id}  (${facts.join(', ')})`,
    ...children.flatMap((child, i) => {
      const last = i === children.length - 1;
      return linesOf(child, `${rest}${last ? '└─ ' : '├─ '}`, `${rest}${last ? '   ' : '│  '}`);
    }),
  ];
}
