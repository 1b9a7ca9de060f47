import { type Forbidden, forbidden } from './constraint-forms.js';
import { lastFileIn, resolved } from './references.js';
import { oneLine } from './text.js';
import { contentWords } from './words.js';

/** A standing instruction of the person. */
export interface Constraint {
  readonly text: string;
  /** Event index of the message that set it; -1 when it was given from outside. */
  readonly since: number;
  /** What must not be done, where the sentence says it plainly enough to check. */
  readonly forbids: Forbidden | undefined;
}

const MAX_CONSTRAINTS = 20;
const MAX_LENGTH = 160;

const ACT =
  'add|adjust|alter|apply|ask|break|bump|call|change|commit|create|delete|deploy|disable|drop|edit|execute|force|implement|include|install|introduce|kill|make|merge|mock|modify|move|open|overwrite|publish|push|refactor|remove|rename|replace|reset|restart|rewrite|run|skip|start|stop|touch|update|upgrade|use|write';

/**
 * Sentences that restrict how the agent may work. A modal alone ("I don't know", "the only thing") restricts nothing:
 * a verb of action has to follow.
 */
const RESTRICTION = new RegExp(
  `\\b(?:(?:do not|don['’]?t|must not|mustn['’]t|should not|shouldn['’]t|may not|never|please avoid|avoid)\\s+(?:ever\\s+|just\\s+)?(?:${ACT})(?:ing)?\\b` +
    `|always\\s+(?:${ACT})\\b|(?:^|please\\s+|must\\s+)only\\s+(?:${ACT})\\b|without\\s+(?:${ACT})\\w*ing\\b)`,
  'i',
);

const LIFT =
  /\b(you (?:may|can) now|you are (?:now )?allowed to|you're (?:now )?allowed to|no need to|no longer (?:need|have) to|it(?:'|’)?s (?:ok|okay|fine) to|it is (?:ok|okay|fine|alright) to|feel free to|ignore the|forget (?:about )?the|lift the)\b(.*)/i;

/**
 * Takes a message of the person into the standing constraints: adds what it restricts, drops what it lifts. A repeated
 * constraint is not added twice; the oldest make way when there are more than 20. `lastFile` is what "it" means.
 */
export function updateConstraints(
  standing: readonly Constraint[],
  message: string,
  since: number,
  lastFile?: string,
): readonly Constraint[] {
  let next = [...standing];
  let file = lastFile;
  for (const said of sentences(message)) {
    const sentence = resolved(said, file);
    file = lastFileIn(sentence) ?? file;
    const lifted = LIFT.exec(sentence);
    if (lifted !== null) {
      next = next.filter((constraint) => !isLifted(constraint, lifted[2] ?? ''));
    } else if (RESTRICTION.test(sentence) || forbidden(sentence) !== undefined) {
      const constraint = toConstraint(sentence, since);
      next = next.filter((other) => other.text.toLowerCase() !== constraint.text.toLowerCase());
      next.push(constraint);
    }
  }
  return next.slice(-MAX_CONSTRAINTS);
}

export function toConstraint(sentence: string, since: number): Constraint {
  return { text: oneLine(sentence, MAX_LENGTH), since, forbids: forbidden(sentence) };
}

/** Sentences and list items, code blocks left out: quoted code is no instruction. */
function sentences(text: string): string[] {
  return text
    .slice(0, 20_000)
    .replace(/```[\s\S]*?(```|$)/g, ' ')
    .split(/\r?\n+|(?<=[.!?;])\s+(?=[A-Z"'`])/)
    .map((sentence) => sentence.replace(/^[\s>*\-\d.)]+/, '').trim())
    .filter((sentence) => sentence.length >= 8 && sentence.length <= 400);
}

function isLifted(constraint: Constraint, permission: string): boolean {
  if (constraint.forbids !== undefined && permission.includes(constraint.forbids.target)) return true;
  const permitted = new Set([...contentWords(permission), ...verbsOf(permission)]);
  const restricted = [...contentWords(constraint.text), ...verbsOf(constraint.text)];
  if (restricted.length === 0) return false;
  const shared = restricted.filter((word) => permitted.has(word)).length;
  return shared / restricted.length >= 0.5;
}

/** The verbs of action in a text; stop words for goals, but what matters most in a constraint. */
function verbsOf(text: string): string[] {
  return [...text.toLowerCase().matchAll(new RegExp(`\\b(${ACT})(?:ing)?\\b`, 'g'))].map((m) => m[1] ?? '');
}

/** Whether an edited path is, or lies under, a forbidden one. */
export function coversPath(target: string, path: string): boolean {
  const wanted = target.replace(/^\.\//, '').replace(/\/$/, '');
  const given = path.replace(/^\.\//, '');
  return wanted !== '' && `/${given}/`.includes(`/${wanted.replace(/^\//, '')}/`);
}

/** Whether one of the commands of a shell line starts with a forbidden command. */
export function startsCommand(target: string, line: string): boolean {
  return line
    .split(/&&|\|\||[;|\n]/)
    .map((part) =>
      part
        .trim()
        .replace(/^(?:sudo\s+|env\s+|[A-Z_]+=\S+\s+)+/, (prefix) =>
          target.startsWith('sudo') ? prefix : '',
        ),
    )
    .some((part) => part === target || part.startsWith(`${target} `));
}

/** The shell line in a tool's input: the input itself, or the command of an object. */
export function commandOf(input: string): string {
  if (!input.trimStart().startsWith('{')) return input.slice(0, 4000);
  const command = /"(?:command|cmd)":"((?:[^"\\]|\\.){1,4000})"/.exec(input.slice(0, 8000))?.[1];
  return command?.replace(/\\n/g, '\n').replace(/\\(.)/g, '$1') ?? '';
}
