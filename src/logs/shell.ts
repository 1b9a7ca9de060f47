import type { ActionClass } from '../messages/agent-event.js';

/** What a shell command does to the world, judged by its programs. */

const READ = 'read';
const SEARCH = 'search';

const PROGRAMS: Readonly<Record<string, ActionClass>> = {
  cat: READ, bat: READ, head: READ, tail: READ, less: READ, more: READ, nl: READ, wc: READ, file: READ, stat: READ,
  strings: READ, xxd: READ, hexdump: READ, od: READ, jq: READ, yq: READ, sort: READ, uniq: READ, cut: READ, awk: READ,
  sed: READ, diff: READ, cmp: READ, tree: READ, pwd: READ, env: READ, printenv: READ, whoami: READ, uname: READ,
  which: READ, type: READ, du: READ, df: READ, ps: READ, tr: READ, column: READ, date: READ, id: READ,
  ls: SEARCH, find: SEARCH, fd: SEARCH, grep: SEARCH, egrep: SEARCH, fgrep: SEARCH, rg: SEARCH, ag: SEARCH,
  ack: SEARCH, locate: SEARCH,
  apply_patch: 'edit', applypatch: 'edit', patch: 'edit', ed: 'edit', tee: 'edit',
  sleep: 'poll', wait: 'poll', watch: 'poll',
}; // biome-ignore format: a table

/** Programs that change where or how the next one runs, and do nothing by themselves. */
const NEUTRAL = new Set([
  'cd',
  'pushd',
  'popd',
  'export',
  'set',
  'unset',
  'source',
  '.',
  'true',
  ':',
  'echo',
  'printf',
  'xargs',
]);

/** Programs whose argument is the program that counts. */
const WRAPPERS = new Set(['sudo', 'time', 'nohup', 'env', 'command', 'exec', 'nice', 'stdbuf']);

const GIT: Readonly<Record<string, ActionClass>> = {
  status: READ, log: READ, diff: READ, show: READ, blame: READ, branch: READ, remote: READ, 'rev-parse': READ,
  'ls-files': SEARCH, grep: SEARCH, apply: 'edit', am: 'edit',
}; // biome-ignore format: a table

/** Of a command line with several parts, the part that weighs most names the class. */
const WEIGHT: readonly ActionClass[] = ['other', 'read', 'search', 'poll', 'run', 'edit'];

/** Longest part of a command that is looked at; a here-document or an inline script behind it changes nothing. */
const MAX_SCAN = 4096;

/** Class of a shell command line. An edit outweighs a run, a run outweighs looking. */
export function classifyShell(command: string): ActionClass {
  const line = unwrapShell(command.slice(0, MAX_SCAN).trim());
  let best: ActionClass = 'other';
  for (const part of splitCommands(line)) {
    const action = classifyPart(part);
    if (WEIGHT.indexOf(action) > WEIGHT.indexOf(best)) best = action;
  }
  return best === 'other' ? 'run' : best;
}

/** The words of a command line's parts, quotes removed, redirections as words of their own. */
export function shellWords(command: string): string[][] {
  return splitCommands(unwrapShell(command.slice(0, MAX_SCAN).trim()));
}

/** `bash -lc '…'` is its script. */
function unwrapShell(line: string): string {
  const match = /^(?:\/(?:usr\/)?bin\/)?(?:ba|z|da)?sh -l?c (['"])/.exec(line);
  if (match === null) return line;
  return line.slice(match[0].length, line.endsWith(match[1] ?? '') ? -1 : undefined);
}

/** One pass over the characters: quotes, separators, redirections. Stops at a here-document's body. */
function splitCommands(line: string): string[][] {
  const parts: string[][] = [];
  let words: string[] = [];
  let word = '';
  let quote = '';
  let inHereDocument = false;
  const endWord = (): void => {
    if (word !== '') words.push(word);
    word = '';
  };
  const endPart = (): void => {
    endWord();
    if (words.length > 0) parts.push(words);
    words = [];
  };
  for (let index = 0; index < line.length; index += 1) {
    const char = line.charAt(index);
    if (quote !== '') {
      if (char === quote) quote = '';
      else word += char;
    } else if (char === "'" || char === '"') quote = char;
    else if (char === '\\' && index + 1 < line.length) {
      index += 1;
      if (line.charAt(index) !== '\n') word += line.charAt(index);
    } else if (char === '\n' && inHereDocument) break;
    else if (char === '\n' || char === ';' || char === '|' || char === '&') {
      if (char === '&' && (word.endsWith('>') || line.charAt(index + 1) === '>')) word += char;
      else endPart();
    } else if (char === '<' && line.charAt(index + 1) === '<') {
      inHereDocument = true;
      endWord();
      index += 1;
    } else if (char === '>' && !/^[0-9&]?>?$/.test(word)) {
      endWord();
      word = char;
    } else if (/\s/.test(char)) endWord();
    else word += char;
  }
  endPart();
  return parts;
}

function classifyPart(words: readonly string[]): ActionClass {
  const rest = words.slice(programIndex(words));
  const program = (rest[0] ?? '').replace(/^.*\//, '');
  if (writesFile(words)) return 'edit';
  if (program === 'sed' || program === 'perl') {
    if (rest.some((word) => /^-[a-zA-Z]*i/.test(word) || word.startsWith('--in-place'))) return 'edit';
  }
  if (program === 'tail' && rest.some((word) => /^-[a-zA-Z0-9]*[fF]$/.test(word) || word === '--follow'))
    return 'poll';
  if (program === 'git') return GIT[rest.slice(1).find((word) => !word.startsWith('-')) ?? ''] ?? 'run';
  if (NEUTRAL.has(program) || program === '') return 'other';
  return Object.hasOwn(PROGRAMS, program) ? (PROGRAMS[program] ?? 'run') : 'run';
}

/** Skips `sudo`, `timeout 60`, `NAME=value` and the like. */
function programIndex(words: readonly string[]): number {
  let index = 0;
  while (index < words.length - 1) {
    const word = words[index] ?? '';
    if (word === 'timeout') index += /^[0-9.]+[smhd]?$/.test(words[index + 1] ?? '') ? 2 : 1;
    else if (WRAPPERS.has(word) || /^[A-Za-z_][A-Za-z0-9_]*=/.test(word) || word === '(' || word === '{')
      index += 1;
    else break;
  }
  return index;
}

/** `> file` and `>> file`, but not `2>&1`, `> /dev/null`, `2> err`. */
function writesFile(words: readonly string[]): boolean {
  return words.some((word, index) => {
    const match = /^(1?)>{1,2}(.*)$/.exec(word);
    if (match === null) return false;
    const target = match[2] === '' ? (words[index + 1] ?? '') : (match[2] ?? '');
    return target !== '' && !target.startsWith('&') && !target.startsWith('/dev/');
  });
}
