import type { Argument, Command, Option } from 'commander';

/** What may stand at the cursor. */
export interface Candidate {
  readonly value: string;
  readonly text: string;
}

export interface Completion {
  readonly candidates: readonly Candidate[];
  /** What the shell adds of its own. */
  readonly paths: 'none' | 'files' | 'folders';
}

/** What a word stands for, beyond what the tree of commands says: ids of a running supervisor, names of a schema. */
export interface Place {
  /** `agent`, `task`, `state`: the name of the option, the name between the brackets. */
  readonly names: readonly string[];
  /** `tasks list`. */
  readonly command: string;
  /** Options before the cursor with a value, by their attribute name. */
  readonly options: Readonly<Record<string, string>>;
}

const NONE: Completion = { candidates: [], paths: 'none' };
/** Placeholders whose value is a path. */
const FILES = /^(file|path)$/;
const FOLDERS = /^(folder|directory)$/;

interface Walk {
  readonly command: Command;
  /** Positional words of this command so far. */
  readonly positionals: readonly string[];
  readonly used: readonly Option[];
  readonly values: Readonly<Record<string, string>>;
  /** Waits for its value at the cursor. */
  readonly open: Option | undefined;
  /** Behind "--", or behind a program that takes what follows. */
  readonly optionsOver: boolean;
}

/**
 * What may stand at the cursor, by the tree of commands.
 *
 * @param words behind the program's name, the one at the cursor last; bash takes `--a=b` for three.
 * @param lookUp what only a schema or a running supervisor knows.
 */
export async function complete(
  program: Command,
  words: readonly string[],
  lookUp: (place: Place) => Promise<readonly Candidate[]>,
): Promise<Completion> {
  const joined = joinEquals(words);
  const current = joined.at(-1) ?? '';
  const walk = walkTo(program, joined.slice(0, -1));
  const [, flag, part] = /^(--[^=]+)=(.*)$/s.exec(current) ?? [];
  const assigned = walk.optionsOver || flag === undefined ? undefined : optionOf(walk.command, flag);
  if (assigned !== undefined && takesValue(assigned)) {
    // The shells that hand over "--a=b" whole want it back whole.
    const head = words.at(-1) === current ? `${flag}=` : '';
    const found = await valuesOf(assigned, walk, lookUp);
    return startingWith(part ?? '', found, head);
  }
  if (walk.open !== undefined) return startingWith(current, await valuesOf(walk.open, walk, lookUp));
  if (current.startsWith('-') && !walk.optionsOver) return startingWith(current, optionsFor(walk));
  const found = await positionalsFor(walk, lookUp);
  return startingWith(current, found);
}

function joinEquals(words: readonly string[]): string[] {
  const joined: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    const before = joined.at(-1);
    if (word === '=' && before !== undefined && /^--[^=]+$/.test(before))
      joined[joined.length - 1] = `${before}=${words[++i] ?? ''}`;
    else joined.push(word);
  }
  return joined;
}

function walkTo(program: Command, words: readonly string[]): Walk {
  let command = program;
  let positionals: string[] = [];
  let used: Option[] = [];
  let open: Option | undefined;
  let optionsOver = false;
  const values: Record<string, string> = {};
  for (const word of words) {
    if (optionsOver) positionals.push(word);
    else if (word === '--') {
      optionsOver = true;
      open = undefined;
    } else if (word.startsWith('-') && word.length > 1) {
      const [flag = '', ...rest] = word.split('=');
      const option = optionOf(command, flag);
      open = undefined;
      if (option === undefined) continue;
      used.push(option);
      if (rest.length > 0) values[option.attributeName()] = rest.join('=');
      else if (takesValue(option)) open = option;
    } else if (open !== undefined) {
      values[open.attributeName()] = word;
      if (!open.variadic) open = undefined;
    } else {
      const next = positionals.length === 0 ? childOf(command, word) : undefined;
      if (next === undefined) {
        positionals.push(word);
        optionsOver = passesThrough(command);
      } else {
        command = next;
        positionals = [];
        used = [];
      }
    }
  }
  return { command, positionals, used, values, open, optionsOver };
}

/** A value may be left out behind an option with an optional one, but then nobody asks for it. */
function takesValue(option: Option): boolean {
  return option.required || option.optional;
}

function optionOf(command: Command, flag: string): Option | undefined {
  return command.options.find(({ long, short }) => long === flag || short === flag);
}

function childOf(command: Command, word: string): Command | undefined {
  return command.commands.find((each) => each.name() === word || each.aliases().includes(word));
}

/** As `vigil run a.sh --its-own`: what follows is another program's. */
function passesThrough(command: Command): boolean {
  return (command as unknown as { readonly _passThroughOptions?: boolean })._passThroughOptions === true;
}

function optionsFor({ command, used }: Walk): Completion {
  const free = command.createHelp().visibleOptions(command);
  const candidates = free
    .filter((option) => option.variadic || !used.some(({ long }) => long === option.long))
    .flatMap(({ long, short, description }) =>
      [long, short].flatMap((value) =>
        value === undefined || value === null ? [] : [{ value, text: description }],
      ),
    );
  return { candidates, paths: 'none' };
}

async function positionalsFor(walk: Walk, lookUp: (place: Place) => Promise<readonly Candidate[]>) {
  const { command, positionals, optionsOver } = walk;
  const help = command.createHelp();
  const children =
    positionals.length > 0 || optionsOver
      ? []
      : help
          .visibleCommands(command)
          .map((each) => ({ value: each.name(), text: help.subcommandDescription(each) }));
  const { registeredArguments } = command;
  const last = registeredArguments.at(-1);
  const argument = registeredArguments[positionals.length] ?? (last?.variadic === true ? last : undefined);
  if (argument === undefined) return { candidates: children, paths: 'none' } as const;
  if (passesThrough(command)) return { candidates: children, paths: 'files' } as const;
  const found = await valuesOf(argument, walk, lookUp);
  const candidates = found.candidates.filter(({ value }) => !positionals.includes(value));
  return { candidates: [...children, ...candidates], paths: found.paths };
}

async function valuesOf(
  of: Option | Argument,
  { command, values }: Walk,
  lookUp: (place: Place) => Promise<readonly Candidate[]>,
): Promise<Completion> {
  if (of.argChoices !== undefined)
    return { candidates: of.argChoices.map((value) => ({ value, text: '' })), paths: 'none' };
  const placeholder = 'flags' in of ? (/[<[]([^>\].]+)/.exec(of.flags)?.[1] ?? '') : of.name();
  if (FILES.test(placeholder)) return { candidates: [], paths: 'files' };
  if (FOLDERS.test(placeholder)) return { candidates: [], paths: 'folders' };
  const names = 'flags' in of ? [of.attributeName(), placeholder] : [placeholder];
  return { candidates: await lookUp({ names, command: pathOf(command), options: values }), paths: 'none' };
}

/** `tasks list`; empty for the program itself. */
export function pathOf(command: Command): string {
  const { parent } = command;
  if (parent === null) return '';
  return [pathOf(parent), command.name()].filter((word) => word !== '').join(' ');
}

function startingWith(current: string, { candidates, paths }: Completion, head = ''): Completion {
  if (candidates.length === 0 && paths === 'none') return NONE;
  return {
    candidates: candidates
      .filter(({ value }) => value.startsWith(current))
      .map(({ value, text }) => ({ value: `${head}${value}`, text })),
    paths,
  };
}
