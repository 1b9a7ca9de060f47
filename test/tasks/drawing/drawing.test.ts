import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import t from 'tap';
import { draw } from '../../../src/tasks/drawing/draw.js';
import type { Drawing, DrawnTask } from '../../../src/tasks/drawing/drawing.js';
import { oneLine, STATES } from '../../../src/tasks/drawing/look.js';
import { readDot, readMermaid, readXml } from './readers.js';

const task = (id: string, state = 'ready', title = `Do ${id}`): DrawnTask => ({
  id,
  title,
  state,
});

const DIAMOND: Drawing = {
  tasks: [task('a', 'done'), task('b', 'running'), task('c', 'ready'), task('d', 'pending')],
  edges: [
    ['a', 'b'],
    ['a', 'c'],
    ['b', 'd'],
    ['c', 'd'],
    ['a', 'd'],
  ],
  criticalPath: ['a', 'c', 'd'],
  omitted: 0,
};

/** Text that means something to one of the formats, to a page, or to a terminal. */
const HOSTILE = [
  '"]; click n0 "javascript:alert(1)"',
  '"] --> n1["',
  '<script>alert(1)</script>',
  '</text></svg><script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '&lt;script&gt;&#60;script&#62;',
  ']]><!--',
  '"; n0 -> n0 [URL="javascript:alert(1)"]; "',
  '\\" ] ; evil [label="',
  '\\N \\G \\l \\',
  '%%{init: {"securityLevel": "loose"}}%%',
  'end\nsubgraph x\nend',
  'a\r\nclassDef default fill:#f00',
  '`**markdown**` #quot; #34; $$\\href{javascript:alert(1)}{x}$$',
  '\u202egnp.exe\u2066 \u0000\u0007\u001b[31m \ud800 \uffff \ufeff',
  "' onload='alert(1)",
  'style n0 fill:#f00;',
  ':::critical',
];

t.test('Mermaid: a box for each task by its state, broad lines on the critical path', async (t) => {
  const text = draw('mermaid', DIAMOND);
  const read = readMermaid(text);
  t.same(
    read.boxes.map(({ shape, state }) => `${shape} ${state}`),
    ['[] done', '[[]] running', '([]) ready', '() pending'],
  );
  t.same(read.edges, ['0-->1', '0==>2', '1-->3', '2==>3', '0-->3']);
  t.same(read.critical, [0, 2, 3]);
  t.match(text, /n1\[\["▶ running #183; b<br\/>Do b"\]\]:::running/);
});

t.test('DOT: the same graph', async (t) => {
  const read = readDot(draw('dot', DIAMOND));
  t.equal(read.nodes.length, 4);
  t.equal(new Set(read.nodes.map(({ shape }) => shape)).size, 4, 'each state has a shape of its own');
  t.match(read.nodes[0]?.label, /^✓ done · a\\nDo a$/);
  t.same(read.edges, ['0->1', '0->2 critical', '1->3', '2->3 critical', '0->3']);
});

t.test('SVG: well formed, alone, states as class, mark and word', async (t) => {
  const text = draw('svg', DIAMOND);
  const { elements } = readXml(text);
  const boxes = elements.filter(({ attributes }) => /^task \w+( critical)?$/.test(attributes['class'] ?? ''));
  t.equal(boxes.length, 4 + 4, 'four tasks and a legend of four states');
  t.equal(elements.filter(({ attributes }) => attributes['class'] === 'edge critical').length, 2);
  t.equal(elements.filter(({ attributes }) => attributes['class'] === 'edge').length, 3);
  for (const { attributes } of elements.filter(({ name }) => name === 'path'))
    t.match(attributes['d'], /^M[-\d. LQz]+/, 'a line that can be drawn');
  t.match(text, 'prefers-color-scheme:dark');
  t.match(text, '▶ running · b');
});

t.test('SVG: boxes do not cover each other', async (t) => {
  const many: Drawing = {
    tasks: Array.from({ length: 500 }, (_, i) => task(`t${i}`, STATES[i % STATES.length])),
    edges: Array.from({ length: 1_200 }, (_, i): [string, string] => {
      const to = 1 + (i % 499);
      return [`t${(i * 7919) % to}`, `t${to}`];
    }),
    criticalPath: [],
    omitted: 0,
  };
  const places = [
    ...draw('svg', many).matchAll(
      /<g class="task \w+" transform="translate\(([-\d.]+) ([-\d.]+)\)"><title>/g,
    ),
  ];
  t.equal(places.length, 500);
  const corners = places.map(([, x, y]) => [Number(x), Number(y)] as const);
  const covered = corners.filter(([x, y], i) =>
    corners.some(([u, v], k) => k !== i && Math.abs(x - u) < 220 && Math.abs(y - v) < 46),
  );
  t.same(covered, []);
});

t.test('JSON: levels and the critical path', async (t) => {
  const { tasks, edges, omitted } = JSON.parse(draw('json', DIAMOND));
  t.same(
    tasks.map(({ id, level, critical }: { id: string; level: number; critical: boolean }) => [
      id,
      level,
      critical,
    ]),
    [
      ['a', 0, true],
      ['b', 1, false],
      ['c', 1, true],
      ['d', 2, true],
    ],
  );
  t.same(edges, DIAMOND.edges);
  t.equal(omitted, 0);
});

t.test('what is not drawn is counted and said; the critical path is kept', async (t) => {
  const graph: Drawing = {
    tasks: Array.from({ length: 30 }, (_, i) => task(`t${i}`)),
    edges: [
      ['t28', 't29'],
      ['t0', 't1'],
      ['t5', 't29'],
    ],
    criticalPath: ['t28', 't29'],
    omitted: 100,
  };
  for (const text of [draw('mermaid', graph, 4), draw('dot', graph, 4), draw('svg', graph, 4)])
    t.match(text, '126 more tasks are not drawn');
  const kept = readMermaid(draw('mermaid', graph, 4));
  t.same(kept.critical, [2, 3]);
  t.same(kept.edges, ['2==>3', '0-->1']);
  const { tasks, omitted } = JSON.parse(draw('json', graph, 4));
  t.same([tasks.length, omitted], [30, 100], 'data has all that there is');
});

t.test('an empty graph can be drawn', async () => {
  const empty: Drawing = { tasks: [], edges: [], criticalPath: [], omitted: 0 };
  readXml(draw('svg', empty));
  readMermaid(draw('mermaid', empty));
  readDot(draw('dot', empty));
});

function holds(text: string): void {
  const graph: Drawing = {
    tasks: [task(text, 'failed', text), task('next', text, text)],
    edges: [[text, 'next']],
    criticalPath: [text, 'next'],
    omitted: 0,
  };
  const mermaid = readMermaid(draw('mermaid', graph));
  const dot = readDot(draw('dot', graph));
  const svg = draw('svg', graph);
  const { elements } = readXml(svg);
  const foreign = elements.filter(
    ({ name }) => !['svg', 'style', 'defs', 'marker', 'path', 'rect', 'g', 'text', 'title'].includes(name),
  );
  const handlers = elements.flatMap(({ attributes }) =>
    Object.keys(attributes).filter((name) => /^on|href/.test(name)),
  );
  const counts = [mermaid.boxes.length, mermaid.edges.length, dot.nodes.length, dot.edges.length];
  if (counts.join() !== '2,1,2,1' || foreign.length > 0 || handlers.length > 0)
    throw new Error(`${JSON.stringify(text)}: ${counts}, ${JSON.stringify(foreign)}, ${handlers}`);
}

t.test('F37: text is text in every format', async (t) => {
  for (const text of HOSTILE) t.doesNotThrow(() => holds(text), text);
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary', maxLength: 80 }),
        fc.string({ unit: fc.constantFrom(...'"\'<>&;#%{}[]()\\`|\n\r:=-~a '), maxLength: 80 }),
        fc.array(fc.constantFrom(...HOSTILE), { maxLength: 3 }).map((parts) => parts.join('')),
      ),
      holds,
    ),
    { numRuns: 1_000 },
  );
});

t.test('F37: a text of 10 MB costs what a line does', async (t) => {
  t.equal([...oneLine('x'.repeat(10_000_000), 60)].length, 60);
  t.equal(oneLine('\u202ea\u0000b\n c', 60), 'a b c');
});

t.test('Graphviz takes the DOT', { skip: !hasGraphviz() }, async (t) => {
  t.match(execFileSync('dot', ['-Tsvg'], { input: draw('dot', DIAMOND), encoding: 'utf8' }), /<svg/);
});

function hasGraphviz(): boolean {
  try {
    execFileSync('dot', ['-V'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
