import { arrayOf, isObject, type JsonObject, stringOf } from '../json-value.js';

/** What the texts and blocks of Claude Code's records mean. */

/** Start of the result of a call that the person refused, or stopped. */
export const REJECTION =
  /^(?:Exit code \d{1,3}\n)?(?:The user doesn't want to |\[Request interrupted by user|Permission for this tool use was denied)/;

/** Starts of user-record texts that no person typed as a request. */
const MACHINE_STARTS = [
  'Caveat: The messages below were generated',
  '<command-',
  '<local-command-',
  '<bash-',
  '<system-reminder>',
  '<task-notification>',
  '<user-prompt-submit-hook>',
  '<ide_opened_file>',
  '<ide_selection>',
];

/** Commands, their output, hooks and reminders stand in user records but are not what the user asked. */
export function isMachineText(text: string): boolean {
  const start = text.trimStart();
  return MACHINE_STARTS.some((prefix) => start.startsWith(prefix));
}

const ARGS_START = '<command-args>';
const ARGS_END = '</command-args>';

/** What a person typed behind a slash command; undefined when it is none or nothing stands behind it. */
export function commandArguments(text: string): string | undefined {
  if (!/^\s{0,64}<command-(?:message|name)>/.test(text)) return undefined;
  const start = text.indexOf(ARGS_START);
  const end = text.indexOf(ARGS_END, start);
  if (start === -1 || end === -1) return undefined;
  const typed = text.slice(start + ARGS_START.length, end).trim();
  return typed === '' ? undefined : typed;
}

/** Text of a content block; what is no text is named in brackets, so that it is not lost. */
export function textOfBlock(block: JsonObject): string {
  return stringOf(block.text) ?? `[${stringOf(block.type) ?? 'unknown block'}]`;
}

/** Text of a tool result: a string, or blocks of text and images. */
export function resultText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (isObject(content)) return textOfBlock(content);
  return arrayOf(content)
    .map((block) => (isObject(block) ? textOfBlock(block) : String(block)))
    .join('\n');
}
