import t from 'tap';
import { TestBroker } from './broker.js';
import { serveEcho } from './echo.js';

const broker = await TestBroker.start(t);
const BACKLOG = 100_000;
const MAILBOX = 64;

t.test(
  'F18: a backlog of 100,000 for an actor that hangs: the bound holds, senders hear BUSY, the neighbour is at ease',
  async (t) => {
    const { bus, letters } = await broker.bus(t, 'server');
    const { bus: client, connection } = await broker.bus(t, 'client');
    const slow = await serveEcho(bus, 'vigil.actor.echo.slow', { mailbox: MAILBOX });
    await serveEcho(bus, 'vigil.actor.echo.neighbour');
    const options = { timeoutMs: 60_000 };
    const first = client.ask('vigil.actor.echo.slow', 'hold', {}, options);
    const waiting = Array.from({ length: MAILBOX }, () =>
      client.ask('vigil.actor.echo.slow', 'echo', { value: 1 }, options),
    );
    await connection.flush();

    const before = process.memoryUsage().rss;
    for (let i = 0; i < BACKLOG; i++) client.tell('vigil.actor.echo.slow', 'echo', { value: i });
    const refused = client.ask('vigil.actor.echo.slow', 'echo', { value: 'late' }, options);
    t.same((await client.ask('vigil.actor.echo.neighbour', 'echo', { value: 'here' }, options)).body, 'here');
    await t.rejects(refused, { code: 'BUSY' });
    t.equal(slow.cell.depth, MAILBOX + 1, 'one in hand, the mailbox full, nothing beyond');
    t.equal(
      letters.filter(({ reason }) => reason === 'mailbox_full').length,
      BACKLOG,
      'every lost message is told',
    );
    const grown = (process.memoryUsage().rss - before) / 2 ** 20;
    // The letters that this test keeps are most of it.
    t.ok(grown < 300, `grown by ${Math.round(grown)} MiB`);

    slow.held.get('')?.open('done');
    t.equal((await first).body, 'done');
    t.equal((await Promise.all(waiting)).length, MAILBOX, 'those that were taken are answered');
    t.ok(client.connected && bus.connected, 'the connections held');
  },
);
