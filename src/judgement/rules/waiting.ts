import type { View } from '../view.js';
import { evidence, type Rule } from './rule.js';

/**
 * A person has to answer: a question, plan or permission that the agent put by a tool is open, or its last message ends
 * in a question and it did not go on. Closing courtesies ("let me know if ...", "would you like me to also ...?" after
 * work reported as done) ask nothing, and a session that has ended waits for nobody.
 */
export const waiting: Rule = {
  name: 'waiting',
  type: 'waiting',
  check(view) {
    const { context } = view.trajectory;
    if (context.ended !== undefined || context.interrupted) return undefined;
    if (view.open?.action === 'ask') return asks(view.open.index, view.open.label, 1);
    const { last, lastMessageIndex, lastMessageTail } = view.trajectory;
    if (last !== 'message' || lastMessageIndex < context.lastUserIndex || !isQuestion(view)) return undefined;
    return asks(lastMessageIndex, lastMessageTail.slice(-120).replace(/\s+/g, ' '), 0.8);
  },
};

function asks(index: number, what: string, severity: number) {
  return evidence(waiting, { events: [index], count: 1, detail: `waits for an answer: ${what}`, severity });
}

const APPROVAL =
  /\b(?:waiting for your (?:approval|confirmation|answer|response|input|go-ahead)|please (?:confirm|approve|advise|clarify|provide|choose)|(?:shall|should|may) i (?:proceed|continue|go ahead)|let me know (?:which|how you(?:'|’)d like|whether|when you(?:'|’)re ready)|do you (?:approve|agree)|which (?:option|approach|one) (?:do|would|should))\b/i;

const OFFER =
  /\b(?:would you like|do you want|want me to|anything else|is there anything|shall i also|should i also|any questions|happy to|does (?:this|that) (?:help|answer|make sense))\b/i;

const DONE =
  /\b(?:done|complete[d]?|finished|fixed|successfully|all (?:tests|set|good)|summary|implemented|ready|works|passe[sd]?|created|updated|resolved)\b/i;

function isQuestion(view: View): boolean {
  const tail = view.trajectory.lastMessageTail;
  const end = tail.slice(-200).replace(/[\s*_`)"'”]+$/, '');
  const lastSentence = end.split(/(?<=[.!?:])\s+|\n/).at(-1) ?? '';
  const asked = end.endsWith('?') || APPROVAL.test(lastSentence);
  const courtesy = OFFER.test(lastSentence) && DONE.test(tail);
  return asked && !courtesy;
}
