import { detach, oneLine } from './text.js';

/** Goal text kept for matching. */
const MAX_GOAL = 4000;
export const GOAL_DISPLAY_LENGTH = 200;

/** Text a harness wraps around a task: none of it is the task. */
const NOISE_BLOCKS =
  /<(system-reminder|uploaded_files|environment_context|user_instructions|local-command-[a-z]+|ide_[a-z_]+|command-(?:name|message))>[\s\S]*?<\/\1>/g;

/** A block that holds nothing but the task. */
const TASK_BLOCK =
  /<(issue_description|pr_description|problem_statement|issue|task|goal|user_query|command-args)>\s*([\s\S]+?)\s*<\/\1>/i;

/** The line after which an IDE's context ends and the request begins. */
const REQUEST_HEADING = /^#+ *my request for codex:?\s*$/im;

/** A heading that opens the task itself. */
const TASK_HEADING = /^(?:#+ *)?(issue|task|goal|problem|problem statement|issue description)\s*:\s*$/im;

/** A heading after which a prompt explains how to work, not what to do. */
const MANUAL_HEADING =
  /^(?:#+ *)?(instructions|important tips|important notes?|commands|available (?:commands|tools)|response format|output format|rules|hints?)\s*:?\s*$/im;

/** The sentence with which benchmark prompts introduce a task. */
const LEAD_IN =
  /^(?:we(?:'|’)re|we are|i(?:'|’)m|you are) currently solving the following [^\n.:]{3,80}[.:]\s*(?:here(?:'|’)s the issue text:?\s*)?/i;

/**
 * The part of a task's first message that says what is wanted: without wrappers, lead-in and manual. Falls back to the
 * whole text when nothing would be left. At most 4,000 characters.
 */
export function cleanGoal(text: string): string {
  const bounded = text.slice(0, MAX_GOAL * 8);
  const withoutNoise = bounded.replace(NOISE_BLOCKS, ' ').trim();
  const block = TASK_BLOCK.exec(withoutNoise)?.[2];
  let goal = block ?? withoutNoise;
  goal = after(goal, REQUEST_HEADING);
  goal = goal.replace(LEAD_IN, '');
  goal = after(goal, TASK_HEADING);
  goal = before(goal, MANUAL_HEADING);
  const cleaned = goal.trim() === '' ? withoutNoise || bounded.trim() : goal.trim();
  return detach(cleaned.slice(0, MAX_GOAL));
}

/** The goal in one line for a person. */
export function displayGoal(goal: string): string {
  return oneLine(goal, GOAL_DISPLAY_LENGTH);
}

function after(text: string, heading: RegExp): string {
  const found = heading.exec(text);
  if (found === null) return text;
  const rest = text.slice(found.index + found[0].length);
  return rest.trim().length >= 10 ? rest : text;
}

function before(text: string, heading: RegExp): string {
  const found = heading.exec(text);
  if (found === null) return text;
  const head = text.slice(0, found.index);
  return head.trim().length >= 20 ? head : text;
}
