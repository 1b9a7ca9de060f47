import { hash32 } from './hash.js';
import type { Step } from './step.js';
import { contentWords } from './words.js';

/** Words remembered as belonging to the work on the goal. */
const MAX_KNOWN = 384;

/**
 * Whether steps touch the goal: they share a word, file stem or identifier with it, or with what was met while working
 * on it. The known words only grow from steps that touch the goal for sure, so an excursion does not vouch for itself.
 */
export interface Focus {
  readonly known: Set<number>;
  /** Steps that named something and touched the goal, or did not. */
  onGoal: number;
  offGoal: number;
  /** Steps in a row that touched nothing of the goal; steps that name nothing neither count nor interrupt. */
  offRun: number;
}

export function createFocus(): Focus {
  return { known: new Set(), onGoal: 0, offGoal: 0, offRun: 0 };
}

/**
 * What a word of the goal counts when it is met again, against one for a word met on the way: the latter are many, and
 * one of them in common is often chance.
 */
const GOAL_WORD = 2;
/** From here on a step is on the goal for sure: what it brings to light belongs to the work. */
const SURE = 2;
/** The text an edit puts in holds many words, so more of them have to meet. */
const CONTENT_ON_GOAL = 2;
const CONTENT_SURE = 4;
/** What a message has to share to belong to the work, in words and as a share of its words. */
const MESSAGE_WORDS = 3;
const MESSAGE_SHARE = 0.3;

/**
 * Judges a call when it is made. `content` is the text that an edit puts in. A step that meets the goal by a single word
 * neither lengthens nor ends the run of steps away from it.
 */
export function observeFocus(
  focus: Focus,
  step: Step,
  goalWords: ReadonlySet<number>,
  content: string,
): void {
  const words = stepWords(step);
  if (words.length === 0 || goalWords.size === 0) return;
  const near = nearness(focus, words, goalWords);
  const inside = nearness(focus, contentWords(content.slice(0, 1500), 48).map(hash32), goalWords);
  step.onGoal = near > 0 || inside >= CONTENT_ON_GOAL;
  step.sure = near >= SURE || inside >= CONTENT_SURE;
  if (!step.onGoal) {
    focus.offGoal++;
    focus.offRun++;
    return;
  }
  focus.onGoal++;
  if (!step.sure) return;
  focus.offRun = 0;
  learn(focus, words);
}

function nearness(focus: Focus, words: readonly number[], goalWords: ReadonlySet<number>): number {
  let near = 0;
  for (const word of words) {
    if (goalWords.has(word)) near += GOAL_WORD;
    else if (focus.known.has(word)) near++;
  }
  return near;
}

/** What a step on the goal brings to light belongs to the work too. */
export function learnFrom(focus: Focus, text: string): void {
  learn(focus, contentWords(text.slice(0, 2000), 48).map(hash32));
}

/** What an agent says or thinks belongs to the work when it shares enough words with it. */
export function learnIfOnGoal(focus: Focus, text: string, goalWords: ReadonlySet<number>): void {
  const words = contentWords(text.slice(0, 2000), 48).map(hash32);
  const near = nearness(focus, words, goalWords);
  if (near >= Math.max(MESSAGE_WORDS, MESSAGE_SHARE * words.length)) learn(focus, words);
}

/** The person said something new: whatever follows is measured afresh. */
export function restartFocus(focus: Focus): void {
  focus.offRun = 0;
}

function learn(focus: Focus, words: readonly number[]): void {
  for (const word of words) {
    focus.known.delete(word);
    focus.known.add(word);
  }
  while (focus.known.size > MAX_KNOWN) {
    for (const oldest of focus.known) {
      focus.known.delete(oldest);
      break;
    }
  }
}

/** Words of the command and of the last two segments of its paths; what all files share (the root) says nothing. */
function stepWords(step: Step): number[] {
  const near = step.paths.map((path) => path.split(/[\\/]/).slice(-2).join(' '));
  const own = step.paths.reduce((label, path) => label.replace(path, ' '), step.label);
  const withoutRoots = own.replace(/(?:~|\.{0,2})?\/(?:[\w.@-]+\/)+/g, ' ');
  return contentWords([withoutRoots.replace(step.tool, ' '), ...near].join(' '), 32).map(hash32);
}
