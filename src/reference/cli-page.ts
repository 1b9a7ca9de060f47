import type { EventEmitter } from 'node:events';
import type { Argument, Command, Option } from 'commander';
import { EXIT_MEANINGS } from '../cli/exit-codes.js';
import { program } from '../cli/program/program.js';
import { code, GENERATED, table } from './markdown.js';

/** `docs/reference/cli.md`. */
export function cliPage(): string {
  const vigil = program();
  const commands = commandsOf(vigil);
  return `${GENERATED}

# The command line

Data goes to standard output, talk to standard error. Every command that reads takes \`--json\`: one JSON document, or one
object a line where there are many. Colours are for terminals: \`--no-color\`, \`NO_COLOR\` and \`TERM=dumb\` switch them off,
\`FORCE_COLOR\` on. A command finds the supervisor that runs on the data directory by itself; \`--nats-url\` names the broker of
another. Settings come from options, then the environment, then \`vigil.config.yaml\`: [settings.md](settings.md).
\`vigil completion\` has bash, zsh and fish complete commands, options, and the ids of agents and tasks.

## Exit codes

${table(
  ['code', 'meaning'],
  EXIT_MEANINGS.map(([value, meaning]) => [String(value), meaning]),
)}

## Commands

${table(
  ['command', 'what it does'],
  commands
    .filter((command) => command.commands.length === 0)
    .map((command) => [link(command), command.description()]),
)}

${commands.map(section).join('\n\n')}
`;
}

/** All that are shown, in the order of the help; groups before what is in them. */
function commandsOf(parent: Command): Command[] {
  return parent
    .createHelp()
    .visibleCommands(parent)
    .filter((command) => command.name() !== 'help')
    .flatMap((command) => [command, ...commandsOf(command)]);
}

function section(command: Command): string {
  const help = command.createHelp();
  const described = (head: string, rows: readonly (Argument | Option)[]) =>
    rows.length === 0
      ? []
      : [
          table(
            [head, ''],
            rows.map((each) => [code('flags' in each ? each.flags : each.name()), textOf(each)]),
          ),
        ];
  const options = help.visibleOptions(command).filter(({ long }) => long !== '--help');
  const aliases = command.aliases().map((alias) => code(alias));
  const parts = [
    `### ${pathOf(command)}`,
    `${sentence(command.description())}${aliases.length === 0 ? '' : ` Also ${aliases.join(', ')}.`}`,
    ...(command.commands.length > 0 ? [] : [code(`${pathOf(command)} ${command.usage()}`)]),
    ...described('argument', help.visibleArguments(command)),
    ...described('option', options),
    ...moreOf(command),
  ];
  return parts.join('\n\n');
}

/** What stands below the options: notes, examples, exit codes. */
function moreOf(command: Command): string[] {
  let text = '';
  const write = (more: string) => {
    text += more;
  };
  // It is an emitter, though its types do not say so.
  (command as unknown as EventEmitter).emit('afterHelp', { error: false, command, write });
  return text.trim() === '' ? [] : [`\`\`\`text\n${text.trim()}\n\`\`\``];
}

function textOf(of: Argument | Option): string {
  const { argChoices, defaultValue, description } = of;
  const facts = [
    ...(argChoices === undefined ? [] : [`one of ${argChoices.join(', ')}`]),
    ...(defaultValue === undefined || typeof defaultValue === 'boolean' ? [] : [`default: ${defaultValue}`]),
  ];
  return facts.length === 0 ? description : `${description} (${facts.join('; ')})`;
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function link(command: Command): string {
  const path = pathOf(command);
  return `[${code(path)}](#${path.replaceAll(' ', '-')})`;
}
