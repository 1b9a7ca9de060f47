import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { safeOpen } from '../../src/logs/safe-open.js';
import { temporaryFolder } from './fixtures.js';

t.test('a file inside the root opens, by a link inside the root too', async (t) => {
  const root = temporaryFolder(t);
  mkdirSync(join(root, 'a'));
  writeFileSync(join(root, 'a', 'x.log'), 'x');
  symlinkSync(join(root, 'a'), join(root, 'b'));
  for (const path of [join(root, 'a', 'x.log'), join(root, 'b', 'x.log')]) {
    const { handle } = await safeOpen(path, root);
    t.equal((await handle.readFile()).toString(), 'x');
    await handle.close();
  }
});

t.test('F31: what leads out of the root is refused', async (t) => {
  const outside = temporaryFolder(t);
  const root = join(outside, 'work');
  mkdirSync(root);
  mkdirSync(join(outside, 'work-other'));
  writeFileSync(join(outside, 'secret'), 'x');
  writeFileSync(join(outside, 'work-other', 'secret'), 'x');
  symlinkSync(join(outside, 'secret'), join(root, 'file-link.log'));
  symlinkSync(outside, join(root, 'folder-link'));
  const paths = [
    join(root, 'file-link.log'),
    join(root, 'folder-link', 'secret'),
    join(root, '..', 'secret'),
    join(outside, 'work-other', 'secret'),
    '/etc/passwd',
  ];
  for (const path of paths) {
    await t.rejects(safeOpen(path, root), { code: 'FORBIDDEN', message: /leads out of its workspace/ }, path);
  }
});

t.test('F31: what is no regular file is refused at once: FIFO, device, folder, circular link', async (t) => {
  const root = temporaryFolder(t);
  execFileSync('mkfifo', [join(root, 'fifo')]);
  symlinkSync(join(root, 'circle'), join(root, 'circle'));
  await t.rejects(safeOpen(join(root, 'fifo'), root), { code: 'UNREADABLE', message: /not a regular file/ });
  await t.rejects(safeOpen('/dev/null'), { code: 'UNREADABLE', message: /not a regular file/ });
  await t.rejects(safeOpen(root), { code: 'UNREADABLE', message: /not a regular file/ });
  await t.rejects(safeOpen(join(root, 'circle')), { code: 'FORBIDDEN', message: /circle/ });
});

t.test('what is not there is said to be not there', async (t) => {
  const root = temporaryFolder(t);
  writeFileSync(join(root, 'file'), '');
  await t.rejects(safeOpen(join(root, 'no.log'), root), { code: 'NOT_FOUND', message: /does not exist$/ });
  await t.rejects(safeOpen(join(root, 'file', 'no.log'), root), { code: 'NOT_FOUND' });
  await t.rejects(safeOpen(join(root, 'nul\0.log'), root), { code: 'UNREADABLE' });
});
