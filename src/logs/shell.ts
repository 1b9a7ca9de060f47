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
  return classifyParts(shellWords(command));
}

/** The same of a command line that is split already. */
export function classifyParts(parts: readonly (readonly ShellWord[])[]): ActionClass {
  let best: ActionClass = 'other';
  for (const part of parts) {
    const action = classifyPart(part);
    if (WEIGHT.indexOf(action) > WEIGHT.indexOf(best)) best = action;
  }
  return best === 'other' ? 'run' : best;
}

/** A word of a command line, without its quotes. */
export interface ShellWord {
  readonly text: string;
  /** `>`, `2>`, `>>` and what is written to: no argument. Quoted, they are only text. */
  readonly redirects: boolean;
}

/** The words of a command line's parts. */
export function shellWords(command: string): ShellWord[][] {
  return splitCommands(unwrapShell(command.slice(0, MAX_SCAN).trim()));
}

/** `bash -lc '…'` is its script. */
function unwrapShell(line: string): string {
  const match = /^(?:\/(?:usr\/)?bin\/)?(?:ba|z|da)?sh -l?c (['"])/.exec(line);
  if (match === null) return line;
  return line.slice(match[0].length, line.endsWith(match[1] ?? '') ? -1 : undefined);
}

/** Splits a line in one pass over its characters. Stops at a here-document's body. */
function splitCommands(line: string): ShellWord[][] {
  const splitter = new CommandSplitter(line);
  return splitter.run();
}

const PLAIN = /[^\s'"\\&;|<>]+/y;

class CommandSplitter {
  readonly #line: string;
  readonly #parts: ShellWord[][] = [];
  #words: ShellWord[] = [];
  #word = '';
  /** The word has a quoted part, so it is one even when it is empty. */
  #quoted = false;
  #redirects = false;
  #inHereDocument = false;
  #index = 0;

  constructor(line: string) {
    this.#line = line;
  }

  run(): ShellWord[][] {
    for (; this.#index < this.#line.length; this.#index += 1) {
      const char = this.#line.charAt(this.#index);
      if (char === '\n' && this.#inHereDocument) break;
      if (!this.#plain()) this.#take(char);
    }
    this.#endPart();
    return this.#parts;
  }

  /** Takes a run of characters that mean nothing to the shell. */
  #plain(): boolean {
    PLAIN.lastIndex = this.#index;
    if (!PLAIN.test(this.#line)) return false;
    // `2` is a word, `2>` starts a redirection: what follows decides.
    this.#word += this.#line.slice(this.#index, PLAIN.lastIndex);
    this.#index = PLAIN.lastIndex - 1;
    return true;
  }

  #take(char: string): void {
    const next = this.#line.charAt(this.#index + 1);
    if (char === "'" || char === '"') this.#quote(char);
    else if (char === '\\' && next !== '') {
      this.#index += 1;
      if (next !== '\n') this.#word += next;
    } else if (char === '&' && (next === '>' || (this.#redirects && /^[0-9]?>{1,2}$/.test(this.#word)))) {
      this.#word += char; // `&>` and `>&`
    } else if (char === '\n' || char === ';' || char === '|' || char === '&') this.#endPart();
    else if (char === '<' && next === '<') {
      this.#inHereDocument = true;
      this.#endWord();
      this.#index += 1;
    } else if (char === '>') this.#redirect();
    else if (/\s/.test(char)) this.#endWord();
    else this.#word += char;
  }

  /** Inside of double quotes a backslash keeps the quote behind it. */
  #quote(quote: string): void {
    this.#quoted = true;
    for (this.#index += 1; this.#index < this.#line.length; this.#index += 1) {
      const char = this.#line.charAt(this.#index);
      if (char === quote) return;
      const next = this.#line.charAt(this.#index + 1);
      if (quote === '"' && char === '\\' && next !== '' && '"\\$`\n'.includes(next)) {
        this.#index += 1;
        if (next !== '\n') this.#word += next;
      } else this.#word += char;
    }
  }

  #redirect(): void {
    const goesOn = this.#redirects && /^[0-9&]?>$/.test(this.#word);
    if (!goesOn && (this.#quoted || !/^[0-9&]?$/.test(this.#word))) this.#endWord();
    this.#word += '>';
    this.#redirects = true;
  }

  #endWord(): void {
    if (this.#word !== '' || this.#quoted) this.#words.push({ text: this.#word, redirects: this.#redirects });
    this.#word = '';
    this.#quoted = false;
    this.#redirects = false;
  }

  #endPart(): void {
    this.#endWord();
    if (this.#words.length > 0) this.#parts.push(this.#words);
    this.#words = [];
  }
}

function classifyPart(part: readonly ShellWord[]): ActionClass {
  if (writesFile(part)) return 'edit';
  const words = part.filter((word) => !word.redirects).map((word) => word.text);
  const rest = words.slice(programIndex(words));
  const program = (rest[0] ?? '').replace(/^.*\//, '');
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
function writesFile(words: readonly ShellWord[]): boolean {
  return words.some((word, index) => {
    const match = word.redirects ? /^([1&]?)>{1,2}([\s\S]*)$/.exec(word.text) : null;
    if (match === null) return false;
    const target = match[2] === '' ? (words[index + 1]?.text ?? '') : (match[2] ?? '');
    return target !== '' && !target.startsWith('&') && !target.startsWith('/dev/');
  });
}
