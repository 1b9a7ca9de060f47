import { hostname } from 'node:os';
import fc from 'fast-check';
import t from 'tap';
import { Access, isLoopback } from '../../src/http/access.js';

const TOKEN = 'a-token-of-the-test';
const open = new Access({ token: undefined, allowedHosts: ['vigil.lan'] });
const guarded = new Access({ token: TOKEN, allowedHosts: [] });

t.test('it is reached by names of its own alone', async (t) => {
  for (const host of [
    'localhost:1',
    'LOCALHOST:1',
    '127.0.0.1:4280',
    '[::1]:4280',
    '10.1.2.3:80',
    'vigil.lan',
    'vigil.lan.:80',
    hostname(),
  ])
    t.doesNotThrow(() => open.checkOrigin({ host }), host);
  for (const host of [
    undefined,
    '',
    'evil.example',
    'localhost.evil.example:4280',
    '127.0.0.1.evil.example',
    'localhost@evil.example',
    'localhost:4280:evil',
    '[::1',
    '[evil]',
    ' localhost',
    'localhost\0',
  ])
    t.throws(() => open.checkOrigin({ host }), { code: 'FORBIDDEN' }, String(host));
});

t.test('a page of another origin gets nothing', async (t) => {
  const host = 'localhost:4280';
  t.doesNotThrow(() => open.checkOrigin({ host, origin: 'http://localhost:4280', site: 'same-origin' }));
  for (const origin of [
    'null',
    'http://localhost:81',
    'http://evil.example',
    'http://localhost:4280.evil.example',
    '',
  ])
    t.throws(() => open.checkOrigin({ host, origin }), { code: 'FORBIDDEN' }, origin);
  t.throws(() => open.checkOrigin({ host, site: 'cross-site' }), { code: 'FORBIDDEN' });
});

t.test('the token, or the cookie for it, and nothing else', async (t) => {
  const cookie = guarded.setCookie('vigil_1').split(';')[0] ?? '';
  t.doesNotThrow(() => guarded.checkToken({ authorization: `Bearer ${TOKEN}` }, 'vigil_1'));
  t.doesNotThrow(() => guarded.checkToken({ cookie: `a=b; ${cookie}; c=d` }, 'vigil_1'));
  t.throws(() => guarded.checkToken({ cookie }, 'vigil_2'), { code: 'FORBIDDEN' }, 'of another port');
  t.notMatch(cookie, TOKEN, 'the cookie does not tell the token');
  t.match(guarded.setCookie('vigil_1'), /HttpOnly; SameSite=Strict/);
  fc.assert(
    fc.property(fc.string(), fc.string(), (authorization, other) => {
      try {
        guarded.checkToken({ authorization, cookie: other }, 'vigil_1');
      } catch {
        return true;
      }
      return authorization === `Bearer ${TOKEN}`;
    }),
  );
});

t.test('loopback is what only this machine reaches', async (t) => {
  for (const host of ['127.0.0.1', '127.9.9.9', 'localhost', '::1']) t.ok(isLoopback(host), host);
  for (const host of ['0.0.0.0', '::', '10.0.0.1', 'example.com', '127.0.0.1.example.com'])
    t.notOk(isLoopback(host), host);
});
