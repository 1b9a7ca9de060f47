import { oneLine } from './text.js';

const MAX_SUB_GOALS = 12;
const MAX_LENGTH = 160;
const ITEM = /^\s*(?:[-*•]|\d{1,2}[.)])\s+(?:\[[ x]\]\s*)?(\S.*)$/gm;

/**
 * The parts of a request that its person listed, at least two of them: bullets and numbered items, code left out. In
 * order, at most twelve.
 */
export function subGoalsOf(text: string): readonly string[] {
  const prose = text.slice(0, 8000).replace(/```[\s\S]*?(```|$)/g, ' ');
  const items = [...prose.matchAll(ITEM)].map((match) => oneLine(match[1] ?? '', MAX_LENGTH));
  const kept = items.filter((item) => /\p{L}{3}/u.test(item));
  return kept.length < 2 ? [] : kept.slice(0, MAX_SUB_GOALS);
}
