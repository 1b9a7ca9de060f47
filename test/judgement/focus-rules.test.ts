import t from 'tap';
import { judge, rulesOf, stream } from './streams.js';

const GOAL =
  'Fix rounding in the TimeDelta serialization of marshmallow fields, milliseconds precision is wrong';
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

const started = () =>
  stream()
    .user(GOAL)
    .times(4, (s) => s.does('read', 'src/marshmallow/fields.py', 'class TimeDelta'));

t.test('stray-edits: eight edits in a row of files that have nothing to do with the goal', async (t) => {
  const stray = (n: number) => started().times(n, (s, i) => s.edits(`billing/invoice-${LETTERS[i]}.rb`));
  const analysis = judge(stray(8));
  t.same(rulesOf(analysis), ['stray-edits']);
  t.equal(analysis.steeringType, 'drift');
  t.same(rulesOf(judge(stray(7))), []);
});

t.test('stray-edits: edits of the goal’s files, of one other file, or on a new order are none', async (t) => {
  t.same(rulesOf(judge(started().times(12, (s) => s.edits('src/marshmallow/fields.py')))), []);
  t.same(rulesOf(judge(started().times(12, (s) => s.edits('billing/invoice.rb')))), []);
  const ordered = started()
    .user('Now sort the invoices')
    .times(12, (s, i) => s.edits(`billing/invoice-${LETTERS[i]}.rb`));
  t.same(rulesOf(judge(ordered)), []);
});

t.test('stray-edits: a file whose new text is about the goal belongs to it', async (t) => {
  const related = started().times(10, (s, i) =>
    s.edits(`docs/page${LETTERS[i]}.md`, 'old', `about TimeDelta serialization, part ${LETTERS[i]}`),
  );
  t.same(rulesOf(judge(related)), []);
});

t.test('drift: a single word met by chance does not hide an excursion', async (t) => {
  const away = started().times(30, (s, i) =>
    s.does(
      'run',
      i % 5 === 4 ? `helm class ingress-${LETTERS[i % 26]}` : `deploy kubernetes pod${LETTERS[i % 26]}`,
      `${i}`,
    ),
  );
  t.equal(judge(away).steeringType, 'drift');
});
