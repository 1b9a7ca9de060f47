import { hash32 } from './hash.js';
import type { Step } from './step.js';
import { contentWords } from './words.js';

/** Words remembered as belonging to the work on the goal. */
const MAX_KNOWN = 384;

/**
 * Whether steps touch the goal: they share a word, file stem or identifier with it, or with what was met while working
 * on it. The known words only grow from steps that touch the goal themselves, so an excursion does not vouch for itself.
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

/** Judges a call when it is made. */
export function observeFocus(focus: Focus, step: Step, goalWords: ReadonlySet<number>): void {
  const words = stepWords(step);
  if (words.length === 0 || goalWords.size === 0) return;
  step.onGoal = words.some((word) => goalWords.has(word) || focus.known.has(word));
  if (step.onGoal) {
    focus.onGoal++;
    focus.offRun = 0;
    learn(focus, words);
  } else {
    focus.offGoal++;
    focus.offRun++;
  }
}

/** What a step on the goal brings to light belongs to the work too. */
export function learnFrom(focus: Focus, text: string): void {
  learn(focus, contentWords(text.slice(0, 2000), 48).map(hash32));
}

/** What an agent says or thinks belongs to the work when it shares a word with it. */
export function learnIfOnGoal(focus: Focus, text: string, goalWords: ReadonlySet<number>): void {
  const words = contentWords(text.slice(0, 2000), 48).map(hash32);
  if (words.some((word) => goalWords.has(word) || focus.known.has(word))) learn(focus, words);
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
