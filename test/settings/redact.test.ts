import t from 'tap';
import { describeSettings, loadSettings } from '../../src/settings/load.js';
import { testFolder } from '../folder.js';

const SECRETS: Readonly<Record<string, string>> = {
  'nats://me:s3cret@host:4222': 'nats://***@host:4222',
  'nats://s3cret@host': 'nats://***@host',
  'nats://a:s3cret@h1:1,nats://b:s3cret@h2:2': 'nats://***@h1:1,nats://***@h2:2',
  'nats://a:s3cret@h1:1, b:s3cret@h2:2': 'nats://***@h1:1, ***@h2:2',
  'me:s3cret@host:4222': '***@host:4222',
  'tls://me:p@s3cret@host': 'tls://***@host',
  'nats://me:pa/s3cret@host': 'nats://***@host',
  'nats://host:4222': 'nats://host:4222',
  'host:4222,other': 'host:4222,other',
};

for (const [url, shown] of Object.entries(SECRETS)) {
  t.test(`shown without its secret: ${url}`, async (t) => {
    const loaded = loadSettings({ cwd: testFolder(t), env: { VIGIL_NATS_URL: url } });
    t.equal(loaded.settings.nats.url, url, 'it is used as it is');
    const rows = describeSettings(loaded);
    t.equal(rows.find(({ name }) => name === 'nats.url')?.value, shown);
    t.notMatch(JSON.stringify(rows), /s3cret/);
  });
}

t.test('a folder with an @ in its name is no secret', async (t) => {
  const rows = describeSettings(
    loadSettings({ cwd: testFolder(t), env: { VIGIL_DATA_DIR: '/srv/a@b/vigil' } }),
  );
  t.equal(rows.find(({ name }) => name === 'dataDir')?.value, '/srv/a@b/vigil');
});
