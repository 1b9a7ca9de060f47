import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { testFolder } from '../folder.js';
import { vigil } from '../system/processes.js';

t.test('vigil schema: names, one of them, whether messages fit', async (t) => {
  const cwd = testFolder(t);
  const schema = (args: string[], input?: string) =>
    vigil(t, ['schema', ...args], { cwd, ...(input === undefined ? {} : { input }) }).finished();
  const names = (await schema(['ls'])).stdout.trimEnd().split('\n');
  t.ok(names.length > 100);
  t.ok(['AgentRecord', 'AnalyzeTrigger', 'CostReply'].every((name) => names.includes(name)));
  const shown = JSON.parse((await schema(['show', 'vigil.trigger.analyze'])).stdout);
  t.match(shown, { title: 'AnalyzeTrigger', properties: { agents: { type: 'array' } } });
  const reply = JSON.parse((await schema(['show', 'vigil.rpc.agents.get', '--reply'])).stdout);
  t.match(reply, { anyOf: [{ title: 'AgentRecord' }, { title: 'ErrorReply' }] });
  t.match(await schema(['validate', 'vigil.trigger.analyze'], '{"agents": ["a1"]}'), { code: 0 });
  t.match(await schema(['validate', 'AnalyzeTrigger'], '{"agent": "a1"}'), { code: 2, stderr: /agent/ });
  t.match(await schema(['validate', 'AnalyzeTrigger', '--json'], '{}\nnonsense\n{"force": 1}\n'), {
    code: 2,
    stdout: /^\{"line":1,"ok":true\}\n\{"line":2,"ok":false.*\n\{"line":3,"ok":false.*force/,
  });
  t.match(await schema(['show', 'agentrecord']), { code: 4, stderr: /did you mean AgentRecord\?/ });
  t.match(await schema(['show', 'vigil.nothing.here']), { code: 4 });
  t.match(await schema(['validate', 'AnalyzeTrigger', 'nowhere.json']), { code: 2, stderr: /nowhere\.json/ });
});

t.test('vigil config: the files, and what each setting comes from', async (t) => {
  const cwd = testFolder(t);
  const home = join(cwd, 'home');
  mkdirSync(join(home, 'vigil'), { recursive: true });
  const config = (args: string[], env: Record<string, string> = {}) =>
    vigil(t, ['config', ...args], {
      cwd,
      env: { XDG_CONFIG_HOME: home, VIGIL_NATS_PORT: '', ...env },
    }).finished();
  t.match(await config(['path']), {
    code: 0,
    stdout: '',
    stderr: /vigil\.config\.yaml\n.*home\/vigil\/config\.yaml/s,
  });
  const user = join(home, 'vigil', 'config.yaml');
  writeFileSync(user, 'cycle: {intervalMs: 7000}\nhosts: {count: 2}\n');
  const project = join(cwd, 'vigil.config.yaml');
  writeFileSync(
    project,
    '$schema: ./docs/vigil.config.schema.json\nhosts: {threads: 3}\ncycle: {intervalMs: 8000}\n',
  );
  t.match(await config(['path']), { stdout: `${project}\n${user}\n` });
  const shown = JSON.parse(
    (await config(['show', '--origin', '--json'], { VIGIL_LOG_LEVEL: 'warn' })).stdout,
  );
  t.same(shown, [
    { name: 'hosts.count', value: 2, origin: user },
    { name: 'hosts.threads', value: 3, origin: project },
    { name: 'cycle.intervalMs', value: 8000, origin: project },
    { name: 'logLevel', value: 'warn', origin: 'environment' },
  ]);
  writeFileSync(user, 'cycel: {intervalMs: 7000}\n');
  t.match(await config([]), { code: 2, stderr: /cycel.*did you mean cycle\?/ });
});
