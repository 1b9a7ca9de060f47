import { cutTo, fitTo } from '../width.js';
import { type Line, span } from './line.js';

const KEYS: readonly (readonly [string, string])[] = [
  ['arrows, j, k', 'one up, one down'],
  ['PgUp, PgDn, space', 'a page'],
  ['g, G', 'first, last'],
  ['Enter', 'look at the agent: verdict, evidence, interventions, events'],
  ['Tab', '(there) scroll the verdict or the events'],
  ['Esc, q', '(there) back'],
  ['/', 'only agents with these words: id, goal, state, steering, host, last action'],
  ['a', 'only agents that need a person'],
  ['s', 'sort by a column: arrows choose, r turns it round, Enter keeps, Esc undoes'],
  ['Esc', 'all agents again, those that need a person first'],
  ['S', 'tell the agent something'],
  ['y, n', 'approve, reject what is to be told to it'],
  ['A', 'analyse it now'],
  ['K', 'you have seen that it ended'],
  ['R', 'restart it'],
  ['P', 'leave it alone (maintenance), look after it again'],
  ['Ctrl-L', 'draw anew'],
  ['Ctrl-Z', 'suspend'],
  ['q, Ctrl-C', 'quit'],
];

const MARKS: readonly (readonly [string, string])[] = [
  ['!', 'waits for you, or Vigil gave up restarting it'],
  ['?', 'something that is to be told to it waits for your decision (y, n)'],
  ['*', 'in trouble: crashed, stuck, needs steering, silent'],
  ['=', 'under maintenance'],
  ['+', 'ended, and nobody has seen it (K)'],
];

const KEY_WIDTH = 20;

export function helpLines(width: number): readonly Line[] {
  const line = ([key, does]: readonly [string, string]): Line => [
    span(fitTo(key, KEY_WIDTH), 'cyan'),
    span(cutTo(does, Math.max(0, width - KEY_WIDTH))),
  ];
  return [
    [span('Keys', 'heading')],
    ...KEYS.map(line),
    [],
    [span('Marks', 'heading')],
    ...MARKS.map(line),
    [],
    [span(cutTo('States and their age are what "vigil ls" and the dashboard show.', width), 'dim')],
  ];
}
