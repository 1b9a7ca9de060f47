import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { Notice } from '../../src/notices/notice.js';
import { testFolder } from '../folder.js';
import { connectClient, until, vigil } from '../system/processes.js';

t.test(
  'an agent that asks is told of by the webhook, once, and cleared when it goes on or is removed',
  async (t) => {
    const received: Notice[] = [];
    const server = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk) => {
        text += chunk;
      });
      request.on('end', () => {
        received.push(Notice.parse(JSON.parse(text)));
        response.end();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => server.close());
    const cwd = testFolder(t);
    const running = vigil(t, ['start'], {
      cwd,
      env: {
        VIGIL_HTTP_PORT: '0',
        VIGIL_CYCLE_INTERVAL_MS: '0',
        VIGIL_NOTICES_WEBHOOK_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      },
    });
    await running.says(/^Watching\./);
    const nc = await connectClient(t, cwd);
    const log = join(cwd, 'asks.jsonl');
    const call = (id: string, name: string, input: object) => ({
      type: 'assistant',
      timestamp: new Date().toISOString(),
      sessionId: 's',
      message: { role: 'assistant', content: [{ type: 'tool_use', id, name, input }] },
    });
    const lines: object[] = [
      {
        type: 'user',
        timestamp: new Date().toISOString(),
        sessionId: 's',
        message: { role: 'user', content: 'Pick a database and set it up.' },
      },
      call('t1', 'AskUserQuestion', { questions: [{ question: 'Which database?' }] }),
    ];
    const write = () => writeFileSync(log, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    write();
    const register = () =>
      nc.request('vigil.rpc.agents.register', JSON.stringify({ agents: [{ id: 'asks', logs: [log] }] }));
    await register();
    const analyse = () =>
      nc.request('vigil.rpc.analyze', '{"agents": ["asks"], "force": true}', { timeout: 20_000 });
    await analyse();
    await analyse();
    await until('the notice', () => received.length > 0);
    lines.push(
      {
        type: 'user',
        timestamp: new Date().toISOString(),
        sessionId: 's',
        message: { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: 'SQLite' }] },
      },
      call('t2', 'Read', { file_path: 'README.md' }),
    );
    write();
    await analyse();
    await until('its end', () => received.length > 1);
    t.match(received, [
      { kind: 'raised', reason: 'waiting', agents: ['asks'] },
      { kind: 'cleared', reason: 'waiting', agents: ['asks'] },
    ]);
    t.equal(received.length, 2);

    lines.push(call('t3', 'AskUserQuestion', { questions: [{ question: 'Which port?' }] }));
    write();
    await analyse();
    await until('the next notice', () => received.length > 2);
    await nc.request('vigil.rpc.agents.remove', '{"ids": ["asks"]}');
    await until('its end, too', () => received.length > 3);
    t.match(received[3], { kind: 'cleared', reason: 'waiting', text: 'asks is watched no longer' });
    await register();
    await analyse();
    await until('told anew', () => received.length > 4);
    t.match(received[4], { kind: 'raised', reason: 'waiting', agents: ['asks'] });
  },
);
