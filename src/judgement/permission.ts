/** Prompts of clients at which a person has to allow something, unanswered at the end of a text. */

const PROMPTS: readonly RegExp[] = [
  /\(y\)es\/\(n\)o[^\n]{0,80}\[\w+\]:\s*$/i, // aider
  /[[(]y(?:es)?\/n(?:o)?[\])]\s*[:?]?\s*$/i,
  /\bdo you want to (?:proceed|allow|run|make this edit|create|continue)\b[^\n]{0,120}\?(?:\s*\n\s*(?:[❯>]\s*)?\d\.[^\n]*)*\s*$/i,
  /\bagent state: awaiting_user_confirmation\s*$/, // OpenHands
  /\b(?:waiting for|needs?|requires?) (?:your )?(?:approval|permission)\b[^\n]{0,80}$/i,
];

/** Looks at the end of the text only. */
export function asksPermission(text: string): boolean {
  const tail = text.slice(-600);
  return PROMPTS.some((prompt) => prompt.test(tail));
}
