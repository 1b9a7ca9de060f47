import { Command, Option } from 'commander';
import { VERSION } from '../../version.js';
import { EXIT_MEANINGS } from '../exit-codes.js';
import { agentCommands } from './agents.js';
import { analysisCommands } from './analyses.js';
import { completionCommands } from './completion.js';
import { contractCommands } from './contracts.js';
import { costCommand } from './cost.js';

import { observingCommands } from './observing.js';
import { processCommands } from './processes.js';
import { repoCommands } from './repos.js';
import { steeringCommands } from './steering.js';
import { systemCommands } from './system.js';
import { taskCommands } from './tasks.js';
import { topCommand } from './top.js';
import { watchingCommands } from './watching.js';

/** Each command's code is loaded when it runs: `vigil --help` must not wait for the broker client or SQLite. */
export function program(): Command {
  const vigil = new Command('vigil')
    .description(
      'Watches a fleet of AI coding agents: reads their logs, judges whether they still work towards their goal.',
    )
    .version(VERSION)
    .option('--no-color', 'no colours (as with NO_COLOR); they are for terminals only')
    .showSuggestionAfterError()
    .enablePositionalOptions()
    .exitOverride()
    .addHelpText(
      'after',
      `
Examples:
  vigil watch                      watch the Claude Code and Codex sessions on this machine
  vigil start                      watch the agents of vigil.config.yaml, or the sample fleet
  vigil judge session.jsonl        judge a log once, without broker or database
  vigil run --id a1 -- ./agent.sh  run a program as a managed agent
  vigil logs a1 -f                 what it does
  vigil steer a1 "Run the tests."  tell it something
  vigil ls                         all agents, those that need you first
  vigil top                        the same, live: look, steer, approve, restart
  vigil cost --by repo             what they used, and what that costs by estimate
  vigil repos sync                 read what is new on GitHub
  vigil tasks list                 what there is to do for agents
  vigil events -f                  what happens in the fleet
  vigil doctor                     what is wrong with the set-up, and how to mend it
  vigil tree                       what runs where

Exit codes: ${EXIT_MEANINGS.map(([code, meaning]) => `${code} ${meaning}`).join(', ')}`,
    );

  vigil.commandsGroup('Watch:');
  watchingCommands(vigil);
  processCommands(vigil);
  vigil.commandsGroup('Look:');
  agentCommands(vigil);
  topCommand(vigil);
  observingCommands(vigil);
  costCommand(vigil);
  vigil.commandsGroup('Act:');
  analysisCommands(vigil);
  steeringCommands(vigil);
  taskCommands(vigil);
  repoCommands(vigil);
  vigil.commandsGroup('Vigil itself:');
  systemCommands(vigil);
  completionCommands(vigil);
  contractCommands(vigil);
  for (const command of vigil.commands) acceptNoColor(command);
  return vigil;
}

/** Read by `terminal.ts`; commander only has to take it wherever it stands. */
function acceptNoColor(command: Command): void {
  command.addOption(new Option('--no-color', 'no colours').hideHelp());
  for (const each of command.commands) acceptNoColor(each);
}
