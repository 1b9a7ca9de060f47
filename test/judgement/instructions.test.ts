import t from 'tap';
import { forbidden } from '../../src/judgement/constraint-forms.js';
import { asksPermission } from '../../src/judgement/permission.js';
import { lastFileIn, resolved } from '../../src/judgement/references.js';
import { subGoalsOf } from '../../src/judgement/sub-goals.js';
import { fold, judge, judgeLive, rulesOf, stream } from './streams.js';

t.test('a file can be forbidden in many words', async (t) => {
  for (const sentence of [
    'Do not modify src/a.ts.',
    'Please never touch `src/a.ts`.',
    "Don't make any changes to src/a.ts.",
    'Leave src/a.ts alone.',
    'Keep src/a.ts as it is.',
    'src/a.ts must stay unchanged.',
    'src/a.ts must not be edited.',
    'src/a.ts is read-only.',
    'Hands off src/a.ts!',
    'Avoid editing src/a.ts.',
  ]) {
    t.same(forbidden(sentence), { what: 'edit', target: 'src/a.ts' }, sentence);
  }
});

t.test('what names no file, or forbids nothing, forbids no edit', async (t) => {
  for (const sentence of [
    'Do not change the behaviour.',
    'Leave it alone.',
    'The file src/a.ts is not read correctly.',
    'Keep going until src/a.ts compiles.',
    'src/a.ts must be edited.',
  ]) {
    t.equal(forbidden(sentence), undefined, sentence);
  }
});

t.test('"that file" and "it" are the file that was named or worked on last', async (t) => {
  t.equal(lastFileIn('First src/a.ts, then lib/b.py.'), 'lib/b.py');
  t.equal(lastFileIn('No file, e.g. none at all'), undefined);
  t.equal(resolved("Don't touch that file.", 'src/a.ts'), "Don't touch src/a.ts.");
  t.equal(resolved('Never edit it again.', 'src/a.ts'), 'Never edit src/a.ts again.');
  t.equal(resolved('Do not change it to lower case.', 'src/a.ts'), 'Do not change it to lower case.');
  t.equal(resolved("Don't touch that file.", undefined), "Don't touch that file.");
});

t.test('constraint: a reference is held against what it refers to', async (t) => {
  const named = () => stream().user('Read config/prod.yml first. Do not modify that file.');
  t.equal(judge(named().edits('/w/config/prod.yml')).steeringType, 'constraint');
  t.same(judge(named().edits('/w/config/dev.yml')).evidence, []);
  const worked = stream().user('go').edits('src/b.ts').user('Stop. Never edit it again.').edits('src/b.ts');
  t.equal(judge(worked).steeringType, 'constraint');
});

t.test('sub-goals are what the person listed', async (t) => {
  t.same(subGoalsOf('Build it:\n1. parse the file\n2) write the report\n- [ ] add a test'), [
    'parse the file',
    'write the report',
    'add a test',
  ]);
  t.same(subGoalsOf('One thing:\n- only this'), []);
  t.same(subGoalsOf('See\n```\n- not me\n- nor me\n```'), []);
  const { context } = fold(
    stream().user('Do:\n- alpha work\n- beta work').does('read', 'a').user('Also:\n* gamma\n* delta').events,
  );
  t.same(context.subGoals, ['alpha work', 'beta work', 'gamma', 'delta']);
});

t.test("waiting: a client's prompt for a permission is the last thing in the log", async (t) => {
  for (const prompt of [
    "Run shell command? (Y)es/(N)o/(D)on't ask again [Yes]: ",
    'Overwrite the file? [y/N]',
    'Do you want to proceed?\n❯ 1. Yes\n  2. No',
    'agent state: awaiting_user_confirmation',
  ]) {
    t.ok(asksPermission(prompt), prompt);
    t.same(
      rulesOf(judgeLive(stream().user('go').opens('run', 'rm -rf build').line(prompt), 0)),
      ['waiting'],
      prompt,
    );
  }
});

t.test('waiting: an answered prompt, and a command that runs long, wait for nobody', async (t) => {
  t.notOk(asksPermission("Run shell command? (Y)es/(N)o/(D)on't ask again [Yes]: y"));
  t.notOk(asksPermission('The script asks: continue? [y/n]\nIt was answered with y.'));
  t.same(
    rulesOf(judge(stream().user('go').line('Overwrite? [y/N]').does('run', 'make', 'ok'))),
    [],
    'it went on',
  );
  t.same(rulesOf(judgeLive(stream().user('go').opens('run', 'make world'), 20 * 60_000)), []);
});

t.test('waiting: raised while it lasts and cleared when the agent goes on', async (t) => {
  const session = stream().user('go').says('I need the token for the registry. Please provide it.');
  t.equal(judgeLive(session, 0).steeringType, 'waiting', 'at once');
  t.equal(judgeLive(session, 3_600_000).steeringType, 'waiting');
  t.equal(judgeLive(session.user('here it is'), 0).needsSteering, false);
});

t.test('waiting: an offer to go on is a question when the work is not done', async (t) => {
  const undone = 'Not yet. The backend is in place. Let me know if you want me to continue with the rest.';
  t.same(rulesOf(judge(stream().user('Is it done?').says(undone))), ['waiting']);
  for (const text of [
    'Everything is in place. Let me know if you want me to continue with the docs.',
    'All set, let me know what you’d like next.',
  ]) {
    t.same(rulesOf(judge(stream().user('go').says(text))), [], text);
  }
});

t.test('waiting: what a person has to give is told, and when the log last grew', async (t) => {
  const began = () => stream().user('go').opens('run', 'rm -rf build');
  const prompt = judgeLive(began().line('Do you want to proceed? (y/n)'), 0);
  t.match(prompt, { steeringType: 'waiting', waitsFor: 'permission', lastEventAt: /^\d{4}-/ });
  const question = judgeLive(stream().user('go').opens('ask', 'Which one?'), 0);
  t.match(question, { steeringType: 'waiting', waitsFor: 'input' });
  t.notOk('waitsFor' in judge(stream().user('go').says('All done.')));
});
