/** What agents say when they close: that it is done, or that it is not. */

const DONE =
  /\b(?:fixed|resolved|solved|addressed|completed?|implemented|finished|done|works?|working|pass(?:es|ed|ing)?|green|success(?:ful(?:ly)?)?|ready|verified|in place|behaves correctly)\b/i;

/** Any of these beside it, and it is a report of trouble. */
const TROUBLE =
  /\b(?:unable|unverified|untested|unresolved|unfortunately|blocked|partial(?:ly)?|cannot|could not|did not|does not|do not|is not|are not|was not|not (?:yet|been|able|sure)|n['’]t|still (?:fail|break|time|hang|need)\w*|fail(?:s|ed|ing|ures?)?|errors?|broken|remaining)\b|\w+n['’]t\b/i;

/** Whether a closing message says that the work is done, and nothing to the contrary. */
export function claimsSuccess(text: string): boolean {
  return DONE.test(text) && !TROUBLE.test(text);
}

const DEFEAT =
  /"task_completed"\s*:\s*"?false|\b(?:unable|not able|impossible|failed) to (?:make|complete|finish|fix|resolve|apply|implement|edit|find|solve|proceed|continue)\b|\b(?:could not|couldn['’]t|cannot|can['’]t) (?:be )?(?:complete|finish|fix|resolve|implement|solve)d?\b|\bgiv(?:e|ing) up\b/i;

/** Whether the words with which an agent ends its session say that it did not do what it was asked for. */
export function admitsDefeat(text: string): boolean {
  return DEFEAT.test(text);
}
