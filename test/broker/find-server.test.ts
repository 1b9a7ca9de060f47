import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { findServer, isOlder } from '../../src/broker/find-server.js';
import { testFolder } from '../folder.js';

/** A program named nats-server that prints `said` as its version. */
function fake(folder: string, said: string, code = 0): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'nats-server');
  writeFileSync(path, `#!/bin/sh\necho '${said}'\nexit ${code}\n`);
  chmodSync(path, 0o755);
  return path;
}

async function refusal(t: Test, set: string): Promise<string> {
  try {
    await findServer(set, '/nowhere', '');
  } catch (error) {
    t.match(error, { code: 'BROKER' });
    const { message } = error as Error;
    t.notMatch(message, /\n/, 'one line');
    return message;
  }
  t.fail('was not refused');
  return '';
}

t.test('one that is set and cannot be used is refused with the mend', async (t) => {
  const folder = testFolder(t, { 'not-executable': 'x' });
  t.match(
    await refusal(t, join(folder, 'none')),
    /none cannot be run .*ENOENT.*set nats\.server to one that can/,
  );
  t.match(await refusal(t, join(folder, 'not-executable')), /cannot be run .*EACCES.*set nats\.server/);
  t.match(await refusal(t, folder), /cannot be run .*EACCES/);
  t.match(await refusal(t, fake(join(folder, 'a'), 'hello')), /says "hello.*not a nats-server/);
  t.match(await refusal(t, fake(join(folder, 'b'), 'nats-server: v2.9.10', 1)), /cannot be run/);
  const old = await refusal(t, fake(join(folder, 'c'), 'nats-server: v2.8.4'));
  t.match(old, /is 2\.8\.4; Vigil needs 2\.9\.0 or newer: update it, or set nats\.server/);
});

t.test('one that is set goes before PATH', async (t) => {
  const folder = testFolder(t);
  const path = fake(join(folder, 'set'), 'nats-server: v2.12.1');
  fake(join(folder, 'path'), 'nats-server: v2.9.10');
  t.same(await findServer(path, '/nowhere', join(folder, 'path')), { path, version: [2, 12, 1] });
});

t.test('the first in PATH is taken, what cannot be run is passed over', async (t) => {
  const folder = testFolder(t, { a: { 'nats-server': 'not executable' }, b: { 'nats-server': {} } });
  fake(join(folder, 'old'), 'nats-server: v2.1.0');
  fake(join(folder, 'broken'), 'oops', 1);
  const path = fake(join(folder, 'good'), 'nats-server: v2.10.29');
  fake(join(folder, 'later'), 'nats-server: v2.11.0');
  const folders = ['', 'none', 'a', 'b', 'old', 'broken', 'good', 'later'].map((name) => join(folder, name));
  t.same(await findServer(undefined, '/nowhere', folders.join(':')), { path, version: [2, 10, 29] });
});

t.test('versions compare by number', async (t) => {
  t.equal(isOlder([2, 9, 10], [2, 10, 0]), true);
  t.equal(isOlder([2, 10, 0], [2, 10, 0]), false);
  t.equal(isOlder([3, 0, 0], [2, 10, 0]), false);
  t.equal(isOlder([2, 9, 9], [2, 9, 10]), true);
});
