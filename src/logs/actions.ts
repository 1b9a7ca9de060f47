import type { ActionClass } from '../messages/agent-event.js';
import { arrayOf, canonicalJson, isObject, type JsonObject, stringOf } from './json-value.js';
import { classifyParts, shellWords } from './shell.js';

/** Most paths that an event names. */
const MAX_PATHS = 16;

/** Tools that run a shell command, and the fields of the input that can hold it. */
const SHELL_TOOLS = new Set([
  'bash',
  'shell',
  'execute_bash',
  'exec_command',
  'run',
  'terminal',
  'cmdrunaction',
  'execute',
  'shell_command',
  'local_shell',
  'container.exec',
  'powershell',
]);
const COMMAND_FIELDS = ['command', 'cmd'] as const;

/**
 * What each tool does, by its name in lower case. Claude Code, SWE-agent, Codex, OpenHands and aider share this one
 * table: a name means the same wherever it occurs.
 */
const TOOLS: Readonly<Record<string, ActionClass>> = {
  // Claude Code
  read: 'read', notebookread: 'read', webfetch: 'read', readmcpresourcetool: 'read',
  grep: 'search', glob: 'search', ls: 'search', websearch: 'search', toolsearch: 'search', lsp: 'search',
  listmcpresourcestool: 'search',
  edit: 'edit', multiedit: 'edit', write: 'edit', notebookedit: 'edit',
  bashoutput: 'poll', taskoutput: 'poll', agentoutputtool: 'poll',
  killshell: 'run', killbash: 'run', taskstop: 'run', slashcommand: 'run', skill: 'run',
  todowrite: 'plan', todoread: 'plan', enterplanmode: 'plan', taskcreate: 'plan', taskupdate: 'plan',
  tasklist: 'plan', taskget: 'plan',
  askuserquestion: 'ask', exitplanmode: 'ask', exit_plan_mode: 'ask',
  task: 'delegate', agent: 'delegate', sendmessage: 'delegate', teamcreate: 'delegate',
  // SWE-agent
  open: 'read', goto: 'read', scroll_up: 'read', scroll_down: 'read', view: 'read', open_site: 'read',
  decompile: 'read', disassemble: 'read', get_text: 'read',
  search_dir: 'search', search_file: 'search', find_file: 'search',
  create: 'edit', insert: 'edit', str_replace: 'edit', undo_edit: 'edit', append: 'edit', replace: 'edit',
  str_replace_editor: 'edit', str_replace_based_edit_tool: 'edit', file_editor: 'edit', edit_file: 'edit',
  submit: 'finish', exit_forfeit: 'finish', exit_context: 'finish', exit_cost: 'finish',
  // Codex
  write_stdin: 'poll', apply_patch: 'edit', update_plan: 'plan', view_image: 'read', web_search: 'search',
  read_file: 'read', list_dir: 'search', grep_files: 'search', request_user_input: 'ask', spawn_agent: 'delegate',
  send_input: 'delegate', send_message: 'delegate', followup_task: 'delegate', wait: 'poll', wait_agent: 'poll',
  // OpenHands
  finish: 'finish', think: 'other', browse: 'read', browse_interactive: 'run', run_ipython: 'run',
  execute_ipython_cell: 'run', recall: 'read', task_tracker: 'plan', delegate: 'delegate',
  filereadaction: 'read', fileeditaction: 'edit', filewriteaction: 'edit', agentfinishaction: 'finish',
  ipythonruncellaction: 'run', browseurlaction: 'read', messageaction: 'other',
}; // biome-ignore format: a table

/** Editors of the file that is open: what stands behind their name is the text they put in, however it looks. */
const EDITS_OPEN_FILE = new Set(['edit', 'insert', 'append']);

/** Editors whose first word or `command` field says what they do. */
const EDITOR_VIEWS = new Set(['view', 'open', 'read']);

/** Input fields that name a file. */
const PATH_FIELDS = ['file_path', 'path', 'notebook_path', 'filename', 'file', 'filePath'] as const;

/** What a call does, in the terms of an `AgentEvent`. */
export interface CallDescription {
  readonly action: ActionClass;
  /** A command as itself, everything else as canonical JSON. */
  readonly input: string;
  readonly paths: readonly string[];
}

/** Describes a call with structured input (Claude Code, function calling). */
export function describeCall(tool: string, input: unknown): CallDescription {
  if (typeof input === 'string') return describeCommand(tool, input);
  const command = isShell(tool) && isObject(input) ? commandOf(input) : undefined;
  if (command !== undefined) {
    return describeShell(command);
  }
  const action = isObject(input) && isView(tool, input) ? 'read' : classOf(tool);
  return { action, input: canonicalJson(input ?? {}), paths: isObject(input) ? pathsOfInput(input) : [] };
}

/** Describes a call that is one line of text whose first word is the tool (SWE-agent) or a shell command. */
export function describeCommand(tool: string, command: string): CallDescription {
  const known = Object.hasOwn(TOOLS, tool.toLowerCase());
  if (!known || isShell(tool)) {
    return describeShell(command);
  }
  // The lines below the first are the text that an edit puts in.
  const isPatch = command.includes('*** Begin Patch');
  const named = isPatch ? command : (command.split('\n', 1)[0] ?? '');
  const paths = EDITS_OPEN_FILE.has(tool) ? [] : pathsOfCommand(named);
  const second = command.trim().split(/\s+/, 2)[1] ?? '';
  const action = classOf(tool) === 'edit' && EDITOR_VIEWS.has(second) ? 'read' : classOf(tool);
  return { action, input: command, paths };
}

function describeShell(command: string): CallDescription {
  const parts = shellWords(command);
  return { action: classifyParts(parts), input: command, paths: pathsOfCommand(command, parts) };
}

function isShell(tool: string): boolean {
  return SHELL_TOOLS.has(tool.toLowerCase());
}

function classOf(tool: string): ActionClass {
  const name = tool.toLowerCase();
  return Object.hasOwn(TOOLS, name) ? (TOOLS[name] ?? 'other') : classOfUnlisted(name);
}

/** MCP tools are `mcp__server__verb_noun`; their verb is the best there is to go by. */
function classOfUnlisted(name: string): ActionClass {
  const verb = name.replace(/^mcp__.{1,64}?__/, '').split(/[_-]/, 1)[0] ?? '';
  if (/^(?:get|read|fetch|view|show)$/.test(verb)) return 'read';
  if (/^(?:search|find|list|query)$/.test(verb)) return 'search';
  return 'other';
}

/** The command as text; Codex writes it as an argument vector, `["bash", "-lc", "…"]`. */
function commandOf(input: JsonObject): string | undefined {
  for (const field of COMMAND_FIELDS) {
    const value = input[field];
    if (typeof value === 'string') return value;
    const words = arrayOf(value).filter((word) => typeof word === 'string');
    if (words.length > 0) return /^-l?c$/.test(words[1] ?? '') ? (words[2] ?? '') : words.join(' ');
  }
  return undefined;
}

function isView(tool: string, input: JsonObject): boolean {
  return classOf(tool) === 'edit' && EDITOR_VIEWS.has(stringOf(input.command) ?? '');
}

function pathsOfInput(input: JsonObject): string[] {
  const paths: string[] = [];
  for (const field of PATH_FIELDS) {
    const path = stringOf(input[field]);
    if (path !== undefined) paths.push(path);
  }
  return bounded(paths);
}

const PATCH_FILE = /^\*\*\* (?:Update|Add|Delete) File: (.{1,256})$/gm;

/** Files that a patch in `apply_patch` form changes. */
function pathsOfPatch(text: string): string[] {
  return [...text.matchAll(PATCH_FILE)].map((match) => match[1] ?? '');
}

/** Words that look like files: with a slash or a usual extension; no option, no address, no pattern. */
function pathsOfCommand(command: string, parts = shellWords(command)): string[] {
  const paths = command.includes('*** Begin Patch') ? pathsOfPatch(command) : [];
  if (paths.length > 0) return bounded(paths);
  for (const words of parts) {
    for (const { text, redirects } of words.slice(1)) {
      const path = redirects ? text.replace(/^[0-9&]?>{1,2}/, '') : text;
      if (looksLikePath(path)) paths.push(path);
    }
  }
  return bounded(paths);
}

/** Extensions that make a bare word a file; `phx.server` and `core.pager` are none. */
const EXTENSIONS = new Set(
  (
    'astro bash bat c cc cfg clj cljs cmake conf cpp cs css csv cxx dart diff dockerfile env erl ex exs fs go gradle ' +
    'graphql h heex hpp hs html ini ipynb java jl js json jsonl jsx kt less lock log lua m md mjs cjs ml mts nix patch ' +
    'php pl pm prisma proto ps1 py pyi pyx r rb rs rst sass scala scss sh sol sql svelte swift tex tf toml traj ts tsx ' +
    'txt vue xml yaml yml zig zsh'
  ).split(' '),
);

function looksLikePath(word: string): boolean {
  if (word.length < 2 || word.length > 256 || word.startsWith('-') || /[\s{}$*?<>|`=,;()]/.test(word))
    return false;
  if (/^[a-z]{2,10}:\/\//i.test(word) || word.startsWith('/dev/') || !/^[\w@+~./:-]+$/.test(word))
    return false;
  if (word.includes('/')) return !/^[./:]+$/.test(word);
  return EXTENSIONS.has(/\.([A-Za-z0-9]{1,10})$/.exec(word)?.[1]?.toLowerCase() ?? '');
}

function bounded(paths: readonly string[]): string[] {
  const [only] = paths;
  if (only === undefined || paths.length === 1) return only ? [only] : [];
  return [...new Set(paths.filter((path) => path !== ''))].slice(0, MAX_PATHS);
}
