import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { findServer } from '../../src/broker/find-server.js';
import { RELEASE, release } from '../../src/broker/get-server.js';
import { testFolder } from '../folder.js';

const MACHINE = { x64: 'amd64', arm64: 'arm64', arm: 'arm7' }[process.arch as string];
const FOLDER = `nats-server-${RELEASE}-${process.platform}-${MACHINE}`;
const ARCHIVE = `${FOLDER}.tar.gz`;

/** An archive as the project releases it, with a program that tells its version. */
function archive(t: Test): Buffer {
  const folder = testFolder(t, { [FOLDER]: { 'README.md': 'read me' } });
  const program = join(folder, FOLDER, 'nats-server');
  writeFileSync(program, `#!/bin/sh\necho "nats-server: ${RELEASE}"\n`);
  chmodSync(program, 0o644);
  execFileSync('tar', ['-czf', ARCHIVE, FOLDER], { cwd: folder });
  return readFileSync(join(folder, ARCHIVE));
}

const sumOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** A release server. */
async function serve(t: Test, files: Readonly<Record<string, Buffer | string>>): Promise<string> {
  const server = createServer((request, response) => {
    const body = files[(request.url ?? '').replace(`/${RELEASE}/`, '')];
    response.statusCode = body === undefined ? 404 : 200;
    response.end(body ?? 'no');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

const scratch = () => readdirSync(tmpdir()).filter((name) => name.startsWith('vigil-nats-'));

t.test('the official release is installed when its checksum is right', async (t) => {
  const bytes = archive(t);
  const sums = [`${'0'.repeat(64)}  other-${ARCHIVE}`, `${sumOf(bytes)}  ${ARCHIVE}`, ''].join('\n');
  const releaseUrl = await serve(t, { SHA256SUMS: sums, [ARCHIVE]: bytes });
  const ownFolder = join(t.testdirName, 'own', 'bin');
  const before = scratch();
  const way = release({ ownFolder, releaseUrl });
  t.equal(await way.possible(), true);
  await way.get();
  const path = join(ownFolder, 'nats-server');
  t.equal(statSync(path).mode & 0o111, 0o111, 'executable');
  t.same(readdirSync(ownFolder), ['nats-server'], 'and nothing beside it');
  t.same(await findServer(path, ownFolder), { path, version: RELEASE.slice(1).split('.').map(Number) });
  t.same(scratch(), before, 'nothing is left behind');
  await way.get();
  t.ok(existsSync(path), 'again is no harm');
});

const REFUSED: Readonly<
  Record<string, { files: (bytes: Buffer) => Record<string, Buffer | string>; says: RegExp }>
> = {
  'a wrong checksum': {
    files: (bytes) => ({ SHA256SUMS: `${'0'.repeat(64)}  ${ARCHIVE}\n`, [ARCHIVE]: bytes }),
    says: /checksum of nats-server-.* is [0-9a-f]{64}, SHA256SUMS says 0{64}: not used/,
  },
  'an archive that was changed': {
    files: (bytes) => ({
      SHA256SUMS: `${sumOf(bytes)} *${ARCHIVE}\n`,
      [ARCHIVE]: Buffer.concat([bytes, Buffer.from('x')]),
    }),
    says: /: not used/,
  },
  'no checksum for this archive': {
    files: (bytes) => ({ SHA256SUMS: `${sumOf(bytes)}  other-${ARCHIVE}\n`, [ARCHIVE]: bytes }),
    says: /no checksum for nats-server-/,
  },
  'no checksums at all': { files: (bytes) => ({ [ARCHIVE]: bytes }), says: /SHA256SUMS answered 404/ },
  'no such archive': {
    files: (bytes) => ({ SHA256SUMS: `${sumOf(bytes)}  ${ARCHIVE}\n` }),
    says: /tar\.gz answered 404/,
  },
  'an archive without the program': {
    files: () => {
      const bytes = Buffer.from('no archive');
      return { SHA256SUMS: `${sumOf(bytes)}  ${ARCHIVE}\n`, [ARCHIVE]: bytes };
    },
    says: /tar/,
  },
};

for (const [what, { files, says }] of Object.entries(REFUSED)) {
  t.test(`refused, and nothing installed: ${what}`, async (t) => {
    const releaseUrl = await serve(t, files(archive(t)));
    const ownFolder = join(t.testdirName, 'own');
    mkdirSync(ownFolder, { recursive: true });
    const before = scratch();
    await t.rejects(release({ ownFolder, releaseUrl }).get(), says);
    t.same(readdirSync(ownFolder), []);
    t.same(scratch(), before);
  });
}

t.test('a release server that is not there', async (t) => {
  const ownFolder = join(testFolder(t), 'own');
  await t.rejects(release({ ownFolder, releaseUrl: 'http://127.0.0.1:2' }).get(), {
    message: /^http:\/\/127\.0\.0\.1:2\/.*\/SHA256SUMS cannot be fetched \(.*ECONNREFUSED.*\)$/,
  });
  t.notOk(existsSync(ownFolder));
});
