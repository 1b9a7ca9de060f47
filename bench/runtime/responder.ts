import { connect } from 'nats';
import { Bus } from '../../src/actors/runtime/bus.js';
import { systemClock } from '../../src/actors/runtime/clock.js';
import { RestartPolicy } from '../../src/actors/runtime/restart-policy.js';
import { ActorSystem } from '../../src/actors/runtime/system.js';
import { Subjects } from '../../src/messages/subjects.js';
import { peer } from '../peers.js';
import { echo } from './echo.js';
import type { Moleculer } from './moleculer.js';

/**
 * The other process of the bench: `count` responders of one kind on one connection.
 *
 *   responder.js (vigil|raw|moleculer) URL COUNT
 */
const [mode = '', url = '', countText = '0'] = process.argv.slice(2);
const count = Number(countText);

const heap = () => {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
};

async function vigil(): Promise<number> {
  const connection = await connect({ servers: url, inboxPrefix: '_INBOX_responder' });
  const subjects = new Subjects('bench');
  const bus = new Bus(connection, '_INBOX_responder', () => {});
  const system = new ActorSystem({
    id: 'bench',
    subjects,
    bus,
    clock: systemClock,
    policy: RestartPolicy.parse({}),
    mailbox: 64,
    drainMs: 0,
    onCrash: (_actor, error) => console.error(error),
    onGiveUp: (_actor, error) => console.error(error),
  });
  const before = heap();
  for (let i = 0; i < count; i++) await system.spawn(echo, `a${i}`);
  await connection.flush();
  return (heap() - before) / count;
}

/** The bare minimum: the same bytes, parsed and answered, and nothing else. */
async function raw(): Promise<number> {
  const connection = await connect({ servers: url });
  const decoder = new TextDecoder();
  const before = heap();
  for (let i = 0; i < count; i++) {
    connection.subscribe(`raw.actor.echo.a${i}`, {
      callback: (_error, message) => {
        const { body } = JSON.parse(decoder.decode(message.data));
        message.respond(JSON.stringify({ ok: { n: body.n } }));
      },
    });
  }
  await connection.flush();
  return (heap() - before) / count;
}

async function moleculer(): Promise<number> {
  const { ServiceBroker } = peer<Moleculer>('moleculer');
  const broker = new ServiceBroker({ nodeID: 'responder', transporter: url, logger: false });
  broker.createService({ name: 'echo', actions: { ping: (context) => ({ n: context.params.n }) } });
  await broker.start();
  return 0;
}

const bytes = await { vigil, raw, moleculer }[mode as 'vigil' | 'raw' | 'moleculer']();
process.send?.({ bytes });
process.on('disconnect', () => process.exit(0));
