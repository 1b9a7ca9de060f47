import { readFileSync } from 'node:fs';
import t from 'tap';
import { DEFAULT_THRESHOLDS } from '../../src/judgement/thresholds.js';
import { viewOf } from '../../src/judgement/view.js';
import { rewrittenFile } from './guide/rewritten-file.js';
import { fold, type Stream, stream } from './streams.js';

const ROOT = new URL('../../../', import.meta.url);
const check = (given: Stream) =>
  rewrittenFile.check(viewOf(fold(given.events), null, false), DEFAULT_THRESHOLDS);

t.test('the guide shows the example that is tested here', async (t) => {
  const guide = readFileSync(new URL('docs/guides/writing-a-rule.md', ROOT), 'utf8');
  const shown = /```ts\n([\s\S]*?)```/.exec(guide)?.[1];
  const tested = readFileSync(new URL('test/judgement/guide/rewritten-file.ts', ROOT), 'utf8')
    .replace('../../../src/judgement/rules/rule.js', './rule.js')
    .replace('../../../src/judgement/view.js', '../view.js');
  t.equal(shown, tested);
});

t.test('the example: positive, near miss, negatives', async (t) => {
  const write = (s: Stream, i: number, path = 'a.ts') =>
    s.opens('edit', `text ${i}`, [path]) && Object.assign(s.events.at(-1) ?? {}, { tool: 'Write' });
  const done = (s: Stream) => {
    const { callId } = s.events.at(-1) ?? {};
    s.events.push({
      index: s.events.length,
      at: null,
      role: 'tool',
      kind: 'tool_result',
      callId,
      output: 'ok',
    });
  };
  const rewrites = (n: number, between?: (s: Stream) => void, path?: (i: number) => string) =>
    stream().times(n, (s, i) => {
      write(s, i, path?.(i));
      done(s);
      between?.(s);
    });
  t.equal(check(rewrites(4))?.count, 4);
  t.equal(check(rewrites(3)), undefined);
  t.equal(check(rewrites(6, (s) => s.does('run', 'npm test', '1 failed'))), undefined, 'a test in between');
  t.equal(check(rewrites(6, undefined, (i) => `f${i}.ts`)), undefined, 'other files');
});
