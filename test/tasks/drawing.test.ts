import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import t from 'tap';
import { draw } from '../../src/tasks/drawing/draw.js';
import type { Drawing } from '../../src/tasks/drawing/drawing.js';

const SMALL: Drawing = {
  tasks: [
    { id: 'design', title: 'Design the API', state: 'done' },
    { id: 'api', title: 'Write the API', state: 'running' },
    { id: 'docs', title: 'Write the docs', state: 'ready' },
    { id: 'ship', title: 'Ship it', state: 'pending' },
  ],
  edges: [
    ['design', 'api'],
    ['design', 'docs'],
    ['api', 'ship'],
    ['docs', 'ship'],
    ['elsewhere', 'ship'],
  ],
  criticalPath: ['api', 'ship'],
  omitted: 3,
};

t.test('Mermaid: a node a task, an edge a dependency, the critical path thick', async (t) => {
  const text = draw('mermaid', SMALL);
  t.match(text, /^flowchart LR\n/);
  t.match(text, /n1\["◑ Write the API<br\/><small>api<\/small>"\]:::running/);
  t.equal(text.match(/ (?:-->|==>) /g)?.length, 4, 'what is not drawn has no edge');
  t.match(text, /n1 ==> n3/);
  t.match(text, /linkStyle 2 stroke/);
  t.match(text, /… 3 more tasks/);
});

t.test('DOT: the same', async (t) => {
  const text = draw('dot', SMALL);
  t.match(text, /n1 \[label="◑ Write the API", tooltip="api: running"/);
  t.match(text, /n1 -> n3 \[color="#be123c", penwidth=3\];/);
  t.equal(text.match(/ -> /g)?.length, 4);
});

t.test('SVG: the same, each task with its state in words', async (t) => {
  const text = draw('svg', SMALL);
  t.equal(text.match(/<g class="task /g)?.length, 4);
  t.equal(text.match(/class="edge/g)?.length, 4);
  t.equal(text.match(/class="edge critical"/g)?.length, 1);
  t.match(text, /<title>api: running, on the critical path<\/title>/);
  t.notMatch(text, /NaN|undefined|Infinity/);
});

t.test('JSON: as it is', async (t) => {
  t.same(JSON.parse(draw('json', SMALL)), SMALL);
});

t.test('nothing to draw, and 500 tasks', async (t) => {
  const nothing: Drawing = { tasks: [], edges: [], criticalPath: [], omitted: 0 };
  for (const format of ['mermaid', 'dot', 'svg', 'json'] as const) t.ok(draw(format, nothing).length > 0);
  const tasks = Array.from({ length: 500 }, (_, i) => ({
    id: `t${i}`,
    title: `Task ${i}`,
    state: 'pending',
  }));
  const edges = tasks.flatMap((_, i): [string, string][] =>
    i < 20 ? [] : [i - 20, i - 7 - (i % 11)].map((from) => [`t${from}`, `t${i}`]),
  );
  const text = draw('svg', { tasks, edges, criticalPath: [], omitted: 0 });
  t.equal(text.match(/<g class="task /g)?.length, 500);
});

const HOSTILE = [
  '<script>alert(1)</script>',
  '"]; click n0 "javascript:alert(1)"; n9["',
  '"; } digraph evil { a -> b; //',
  '`$' + '{process.exit()}`',
  '--> n1',
  '%%{init: {"securityLevel": "loose"}}%%',
  'a\u001b[31mb\u202ec\u2028d\ne\rf\0g',
  '&lt;img src=x onerror=alert(1)&gt;',
  "' onload='alert(1)",
  '\\',
  'subgraph end',
  '\ud800',
];

t.test('F37: a title is text and nothing else, in every language', async (t) => {
  const text = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary', maxLength: 60 }));
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), (titles) => {
      const tasks = titles.map((title, i) => ({ id: `t${i}`, title, state: i === 0 ? 'ready' : title }));
      const drawing: Drawing = {
        tasks,
        edges: tasks.slice(1).map(({ id }) => ['t0', id]),
        criticalPath: [],
        omitted: 0,
      };
      const lines = draw('mermaid', drawing).split('\n');
      const nodes = lines.filter((line) =>
        /^ {2}n\d+\["[^"`<>{}]*<br\/><small>t\d+<\/small>"\]:::[a-z]+$/.test(line),
      );
      const edges = lines.filter((line) => /^ {2}n\d+ --> n\d+$/.test(line));
      const rest = lines.filter((line) => /^flowchart LR$|^ {2}classDef [a-z]+ [^"]*$/.test(line));
      if (nodes.length + edges.length + rest.length !== lines.length) throw new Error(lines.join('\n'));

      const dots = draw('dot', drawing).split('\n').slice(3, -1);
      const whole = /^ {2}n\d+ (?:\[(?:[a-z]+="(?:[^"\\]|\\.)*"(?:, )?)+\];|-> n\d+;)$/;
      for (const line of dots) if (!whole.test(line)) throw new Error(line);

      const picture = draw('svg', drawing);
      const tags = new Set([...picture.matchAll(/<\/?([a-z]+)/gi)].map(([, tag]) => tag));
      for (const tag of tags)
        if (!['svg', 'style', 'defs', 'marker', 'path', 'rect', 'g', 'title', 'text'].includes(tag ?? ''))
          throw new Error(`a tag ${tag}`);
      if (/[\p{Cc}\p{Cf}\p{Zl}]/u.test(picture.replaceAll('\n', ''))) throw new Error('a control character');
    }),
    { numRuns: 300 },
  );
  t.pass();
});

t.test('Graphviz takes the DOT', { skip: !hasGraphviz() }, async (t) => {
  t.match(execFileSync('dot', ['-Tsvg'], { input: draw('dot', SMALL), encoding: 'utf8' }), /<svg/);
});

function hasGraphviz(): boolean {
  try {
    execFileSync('dot', ['-V'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
