import type { View } from '../view.js';
import { evidence, type Rule } from './rule.js';

/**
 * A person has to answer: a question, plan or permission that the agent put by a tool is open, its client's prompt for a
 * permission is the last thing in the log, or its last message ends in a question and it did not go on. A command that
 * runs long is no wait for a person. Closing courtesies ("let me know if ...", "would you like me to also ...?" after
 * work reported as done) ask nothing, and a session that has ended waits for nobody.
 */
export const waiting: Rule = {
  name: 'waiting',
  type: 'waiting',
  check(view) {
    const { context } = view.trajectory;
    if (context.ended !== undefined || context.interrupted) return undefined;
    if (view.open?.action === 'ask') return asks(view.open.index, view.open.label, 1);
    const { last, lastMessageIndex, lastMessageTail, prompt } = view.trajectory;
    if (prompt !== undefined) return asks(prompt.index, prompt.text, 1);
    if (last !== 'message' || lastMessageIndex < context.lastUserIndex || !isQuestion(view)) return undefined;
    return asks(lastMessageIndex, lastMessageTail.slice(-120).replace(/\s+/g, ' '), 0.8);
  },
};

function asks(index: number, what: string, severity: number) {
  return evidence(waiting, { events: [index], count: 1, detail: `waits for an answer: ${what}`, severity });
}

/** An order to the person, or a choice left to them, in the last sentence. */
const APPROVAL =
  /\b(?:(?:a?wait(?:ing)?(?: for)?|need|require) your (?:approval|confirmation|answer|response|input|go-ahead|decision|feedback|permission)|please (?:confirm|approve|advise|clarify|provide|choose|decide|select|specify|share|send|tell me|let me know|answer|add\b.{1,80}\bto the chat)|(?:shall|should|may|can) i (?:proceed|continue|go ahead|start)|let me know (?:which|how you(?:'|’)d like|how (?:you would like )?to|whether|what (?:to do|you(?:'|’)d (?:like|prefer)|you (?:want|prefer))|when you(?:'|’)re ready)|do you (?:approve|agree)|which (?:option|approach|one) (?:do|would|should))\b/i;

const OFFER =
  /\b(?:would you like|do you want|want me to|you(?:'|’)d like me to|anything else|is there anything|shall i also|should i also|any questions|happy to|let me know\b.{0,80}\b(?:next|else|further)|does (?:this|that) (?:help|answer|make sense))\b/i;

const DONE =
  /\b(?:done|complete[d]?|finished|fixed|successfully|all (?:tests|set|good)|summary|implemented|ready|works|passe[sd]?|created|updated|resolved|in place|green)\b/i;

/** Begins by saying that what was asked for is not done: then the offer at its end is a question. */
const NOT_DONE =
  /^(?:[\w ,]{0,20}\b(?:not yet|unable)\b|i (?:can(?:'|’)?t|cannot|could not|couldn(?:'|’)t|won(?:'|’)t))/i;

const OFFER_TO_GO_ON = /\blet me know if you(?:'|’)?d? (?:want|like|would like) me to\b/i;

function isQuestion(view: View): boolean {
  const { lastMessageTail: tail, lastMessageHead: head } = view.trajectory;
  const end = tail.slice(-200).replace(/[\s*_`)"'”]+$/, '');
  const lastSentence = end.split(/(?<=[.!?:])\s+|\n/).at(-1) ?? '';
  if (NOT_DONE.test(head) && OFFER_TO_GO_ON.test(lastSentence)) return true;
  const asked = end.endsWith('?') || APPROVAL.test(lastSentence);
  const courtesy = OFFER.test(lastSentence) && DONE.test(tail);
  return asked && !courtesy;
}
