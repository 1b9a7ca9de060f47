import { Empty, type NatsConnection } from 'nats';
import t, { type Test } from 'tap';
import type { Role } from '../../src/broker/keys.js';
import type { BrokerServer } from '../../src/broker/server.js';
import { ensureStreams } from '../../src/broker/streams.js';
import { Subjects } from '../../src/messages/subjects.js';
import { testFolder } from '../folder.js';
import { connectAs, serverOn, unexpected } from './servers.js';

interface Rights {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** What each key may do, and what not; `PREFIX` and `STREAM` stand for the system's own. */
const RIGHTS: Readonly<Record<'host' | 'client' | 'agent', { may: Rights; mayNot: Rights }>> = {
  client: {
    may: {
      publish: [
        'PREFIX.trigger.analyze',
        'PREFIX.rpc.status',
        'PREFIX.rpc.agents.list',
        '$SRV.PING',
        '$JS.API.STREAM.INFO.STREAM_RESULTS',
        '$JS.API.CONSUMER.CREATE.STREAM_RESULTS',
        '$JS.API.CONSUMER.CREATE.STREAM_RESULTS.mine.PREFIX.result.>',
        '$JS.API.CONSUMER.MSG.NEXT.STREAM_RESULTS.mine',
        '$JS.ACK.STREAM_RESULTS.mine.1.1.1.1.0',
      ],
      subscribe: ['PREFIX.result.>', 'PREFIX.event.>', 'PREFIX.event.intervention.a1', '_INBOX.mine.>'],
    },
    mayNot: {
      publish: [
        'PREFIX.actor.agent.a1',
        'PREFIX.actor.guardian.r1',
        'PREFIX.agent.a1.steer',
        'PREFIX.agent.a1.control',
        'PREFIX.agent.a1.heartbeat',
        'PREFIX.agent.a1.output',
        'PREFIX.result.analyze',
        'PREFIX.result.analysis.a1',
        'PREFIX.event.deadletter',
        'PREFIX.event.host.h1.lost',
        'PREFIX.trigger.analyze.more',
        'PREFIX.trigger',
        '_INBOX_supervisor.forged',
        '_INBOX_host.h1.forged',
        '$JS.API.STREAM.DELETE.STREAM_RESULTS',
        '$JS.API.STREAM.DELETE.STREAM_TRIGGERS',
        '$JS.API.STREAM.PURGE.STREAM_RESULTS',
        '$JS.API.STREAM.UPDATE.STREAM_RESULTS',
        '$JS.API.STREAM.CREATE.MINE',
        '$JS.API.STREAM.MSG.GET.STREAM_TRIGGERS',
        '$JS.API.CONSUMER.CREATE.STREAM_TRIGGERS',
        '$JS.API.CONSUMER.DURABLE.CREATE.STREAM_TRIGGERS.supervisor',
        '$JS.API.CONSUMER.DELETE.STREAM_TRIGGERS.supervisor',
        '$JS.API.CONSUMER.MSG.NEXT.STREAM_TRIGGERS.supervisor',
        '$JS.ACK.STREAM_TRIGGERS.supervisor.1.1.1.1.0',
        '$KV.PREFIX_hosts.h1',
        '$KV.PREFIX_placement.a1',
        '$SYS.REQ.SERVER.PING',
      ],
      subscribe: [
        '>',
        'PREFIX.>',
        'PREFIX.actor.>',
        'PREFIX.actor.agent.a1',
        'PREFIX.trigger.>',
        'PREFIX.rpc.>',
        '_INBOX_supervisor.>',
        '_INBOX_host.>',
        '$SYS.>',
        '$JS.API.>',
        '$JS.EVENT.>',
        '$KV.>',
        '$SRV.>',
      ],
    },
  },
  host: {
    may: {
      publish: [
        'PREFIX.event.agent.a1.failed',
        'PREFIX.event.deadletter',
        'PREFIX.agent.a1.replay',
        'PREFIX.actor.signs.main',
        '$KV.PREFIX_hosts.h1',
        '_INBOX_supervisor.answer',
        '$JS.API.STREAM.INFO.KV_PREFIX_placement',
      ],
      subscribe: ['PREFIX.actor.agent.a1', '_INBOX_host.h1.>', 'PREFIX.agent.a1.output'],
    },
    mayNot: {
      publish: [
        'PREFIX.trigger.analyze',
        'PREFIX.trigger.cycle',
        'PREFIX.result.analyze',
        'PREFIX.result.analysis.a1',
        'PREFIX.event.intervention.a1',
        'PREFIX.rpc.status',
        'PREFIX.actor.agent.a2',
        'PREFIX.agent.a1.steer',
        'PREFIX.agent.a1.control',
        'PREFIX.agent.a1.output',
        'PREFIX.agent.a1.heartbeat',
        '$KV.PREFIX_placement.a1',
        '$JS.API.STREAM.DELETE.KV_PREFIX_placement',
        '$JS.API.STREAM.DELETE.STREAM_RESULTS',
        '$JS.API.STREAM.PURGE.KV_PREFIX_hosts',
        '$JS.API.CONSUMER.CREATE.STREAM_TRIGGERS',
        '_INBOX.forged',
        '$SYS.REQ.SERVER.PING',
      ],
      subscribe: [
        '>',
        'PREFIX.>',
        'PREFIX.rpc.>',
        'PREFIX.rpc.status',
        'PREFIX.trigger.>',
        'PREFIX.result.>',
        'PREFIX.actor.guardian.>',
        '_INBOX.>',
        '_INBOX_supervisor.>',
        '$SYS.>',
        '$JS.API.>',
      ],
    },
  },
  agent: {
    may: {
      publish: [
        'PREFIX.agent.a1.heartbeat',
        'PREFIX.agent.a1.output',
        'PREFIX.rpc.agents.register',
        'PREFIX.rpc.tasks.claim',
        'PREFIX.rpc.tasks.heartbeat',
        'PREFIX.rpc.tasks.complete',
        'PREFIX.rpc.tasks.batch',
      ],
      subscribe: [
        'PREFIX.agent.a1.steer',
        'PREFIX.agent.a1.control',
        'PREFIX.agent.a1.replay',
        '_INBOX_agent.i1.>',
      ],
    },
    mayNot: {
      publish: [
        'PREFIX.agent.a2.steer',
        'PREFIX.agent.a2.control',
        'PREFIX.agent.a2.replay',
        'PREFIX.agent.a1.heartbeat.more',
        'PREFIX.rpc.agents.remove',
        'PREFIX.rpc.agents.list',
        'PREFIX.rpc.tasks.add',
        'PREFIX.rpc.tasks.get',
        'PREFIX.rpc.tasks.cancel',
        'PREFIX.rpc.tasks.reprioritise',
        'PREFIX.event.task.t1.done',
        'PREFIX.rpc.analyze',
        'PREFIX.rpc.logs.tail',
        'PREFIX.rpc.status',
        'PREFIX.trigger.analyze',
        'PREFIX.trigger.emergency',
        'PREFIX.result.analysis.a1',
        'PREFIX.event.intervention.a1',
        'PREFIX.actor.agent.a1',
        '$KV.PREFIX_placement.a1',
        '$KV.PREFIX_hosts.h1',
        '$JS.API.INFO',
        '$JS.API.STREAM.MSG.GET.STREAM_RESULTS',
        '$SRV.PING',
        '$SYS.REQ.SERVER.PING',
        '_INBOX.forged',
        '_INBOX_supervisor.forged',
        '_INBOX_host.h1.forged',
        '_INBOX_agent.other.forged',
      ],
      subscribe: [
        '>',
        'PREFIX.>',
        'PREFIX.agent.>',
        'PREFIX.agent.a2.output',
        'PREFIX.agent.a2.heartbeat',
        'PREFIX.actor.>',
        'PREFIX.rpc.>',
        'PREFIX.trigger.>',
        'PREFIX.result.>',
        'PREFIX.event.>',
        '_INBOX.>',
        '_INBOX_supervisor.>',
        '_INBOX_host.>',
        '$JS.API.>',
        '$KV.>',
        '$SRV.>',
        '$SYS.>',
      ],
    },
  },
};

/** Notes what the server refuses on this connection, as "publish subject". */
function refusalsOn(connection: NatsConnection): { after(action: () => void): Promise<string[]> } {
  let noted: string[] = [];
  void (async () => {
    for await (const { permissionContext } of connection.status()) {
      if (permissionContext !== undefined)
        noted.push(`${permissionContext.operation} ${permissionContext.subject}`);
    }
  })();
  return {
    after: async (action) => {
      noted = [];
      action();
      // The server answers in order: what it refuses comes before its answer to the flush.
      await connection.flush();
      await new Promise(setImmediate);
      return noted;
    },
  };
}

async function brokerOf(t: Test, prefix: string): Promise<{ server: BrokerServer; dataDir: string }> {
  const dataDir = testFolder(t);
  const server = await serverOn(t, dataDir, prefix);
  await server.start(unexpected);
  return { server, dataDir };
}

for (const prefix of ['vigil', 'Acme-7']) {
  t.test(`prefix ${prefix}: each key may do what it needs and nothing else`, async (t) => {
    const { server, dataDir } = await brokerOf(t, prefix);
    const supervisor = await connectAs(t, server, dataDir, 'supervisor');
    const heard: string[] = [];
    supervisor.subscribe('>', { callback: (_error, message) => heard.push(message.subject) });
    await supervisor.flush();
    for (const role of ['client', 'host', 'agent'] as const) {
      const connection = await connectAs(t, server, dataDir, role);
      const refusals = refusalsOn(connection);
      const actual = (text: string) =>
        text.replaceAll('PREFIX', prefix).replaceAll('STREAM_', `${prefix.toUpperCase()}_`);
      const { may, mayNot } = RIGHTS[role];
      for (const subject of may.publish.map(actual)) {
        t.same(
          await refusals.after(() => connection.publish(subject, Empty)),
          [],
          `${role} publishes ${subject}`,
        );
      }
      for (const subject of may.subscribe.map(actual)) {
        t.same(
          await refusals.after(() => connection.subscribe(subject)),
          [],
          `${role} subscribes ${subject}`,
        );
      }
      await supervisor.flush();
      heard.length = 0;
      for (const subject of mayNot.publish.map(actual)) {
        t.same(
          await refusals.after(() => connection.publish(subject, Empty)),
          [`publish ${subject}`],
          `${role} does not publish ${subject}`,
        );
      }
      await supervisor.flush();
      t.same(
        heard.filter((subject) => !subject.startsWith('$JS.EVENT')),
        [],
        `nobody heard what ${role} may not say`,
      );
      for (const subject of mayNot.subscribe.map(actual)) {
        t.same(
          await refusals.after(() => connection.subscribe(subject, { callback: () => undefined })),
          [`subscription ${subject}`],
          `${role} does not subscribe ${subject}`,
        );
      }
      t.notOk(connection.isClosed(), 'and stays connected');
    }
  });

  t.test(`prefix ${prefix}: triggers, results and buckets work with the keys that use them`, async (t) => {
    const { server, dataDir } = await brokerOf(t, prefix);
    const subjects = new Subjects(prefix);
    const as = (role: Role) => connectAs(t, server, dataDir, role);
    const [supervisor, host, client] = await Promise.all([as('supervisor'), as('host'), as('client')]);
    await ensureStreams(supervisor, subjects, { maxAgeMs: 60_000, maxBytes: 1_048_576 });
    await ensureStreams(supervisor, subjects, { maxAgeMs: 90_000, maxBytes: 2_097_152 });
    const manager = await supervisor.jetstreamManager();
    t.equal(
      (await manager.streams.info(subjects.resultStream)).config.max_bytes,
      2_097_152,
      'new limits hold',
    );

    const acknowledged = await client.jetstream().publish(subjects.trigger('analyze'), '{}');
    t.equal(acknowledged.stream, subjects.triggerStream);

    await supervisor.jetstream().publish(subjects.result('analyze'), '{"requestId":"r1"}', { msgID: 'r1' });
    const again = await supervisor
      .jetstream()
      .publish(subjects.result('analyze'), '{"requestId":"r1"}', { msgID: 'r1' });
    t.equal(again.duplicate, true);
    const results = await client.jetstream().consumers.get(subjects.resultStream);
    t.same((await results.next({ expires: 5_000 }))?.json(), { requestId: 'r1' }, 'a late reader catches up');

    const placement = await supervisor.jetstream().views.kv(subjects.placementBucket, { history: 1 });
    await supervisor.jetstream().views.kv(subjects.hostBucket, { history: 1 });
    await placement.put('a1', 'here');
    const seen = await host.jetstream().views.kv(subjects.placementBucket, { bindOnly: true });
    for await (const entry of await seen.watch()) {
      t.equal(entry.string(), 'here');
      break;
    }
    const leases = await host.jetstream().views.kv(subjects.hostBucket, { bindOnly: true });
    t.ok((await leases.put('h1', '{}')) > 0);

    host.subscribe(subjects.actor('agent', 'a1'), {
      callback: (_error, message) => message.respond('judged'),
    });
    await host.flush();
    t.equal((await supervisor.request(subjects.actor('agent', 'a1'), 'judge')).string(), 'judged');
  });
}
