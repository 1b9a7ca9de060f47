import { readFileSync } from 'node:fs';
import { connect, nkeyAuthenticator } from 'nats';

interface Task {
  readonly url: string;
  readonly nkeyFile?: string;
  readonly agents: number;
  readonly perSecond: number;
  readonly seconds: number;
}

/** Beats the hearts of many agents evenly, in slices of a few milliseconds; says how many beats it sent. */
const task = JSON.parse(process.argv[2] ?? '{}') as Task;
const seed = new TextEncoder().encode(readFileSync(task.nkeyFile ?? '', 'utf8').trim());
const nc = await connect({
  servers: task.url,
  authenticator: nkeyAuthenticator(seed),
  inboxPrefix: '_INBOX_agent.bench',
});

let sent = 0;
const beat = () => {
  const agent = sent % task.agents;
  const body = {
    instance: 'bench',
    seq: Math.floor(sent / task.agents),
    at: new Date().toISOString(),
    state: 'running',
    pid: 1_000 + agent,
    intervalMs: Math.ceil((task.agents / task.perSecond) * 1_000),
    restarts: 0,
    rssBytes: 100_000_000 + agent,
    cpuMs: sent,
    tokens: sent,
  };
  nc.publish(`vigil.agent.a${agent}.heartbeat`, JSON.stringify(body));
  sent++;
};

process.send?.({ started: true });
const total = task.perSecond * task.seconds;
const startedAt = performance.now();
while (sent < total) {
  const due = Math.min(total, Math.floor(((performance.now() - startedAt) / 1_000) * task.perSecond));
  while (sent < due) beat();
  await new Promise((resolve) => setTimeout(resolve, 4));
}
await nc.flush();
process.send?.({ sent, ms: performance.now() - startedAt });
await nc.close();
process.disconnect();
