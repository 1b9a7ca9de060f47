#!/usr/bin/env node
import { Command, CommanderError, Option } from 'commander';
import { messageOf, VigilError } from '../messages/errors.js';
import { VERSION } from '../version.js';
import { agentCommands } from './agent-commands.js';
import { EXIT, exitCodeOf } from './exit-codes.js';
import { numberOption, withSettings } from './options.js';
import { repoCommands } from './repo-commands.js';
import { interrupted } from './signals.js';
import { taskCommands } from './task-commands.js';

/** Each command's code is loaded when it runs: `vigil --help` must not wait for the broker client or SQLite. */
function program(): Command {
  const vigil = new Command('vigil')
    .description(
      'Watches a fleet of AI coding agents: reads their logs, judges whether they still work towards their goal.',
    )
    .version(VERSION)
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
  vigil repos sync                 read what is new on GitHub
  vigil tasks list                 what there is to do for agents
  vigil doctor                     what is wrong with the set-up, and how to mend it
  vigil tree                       what runs where

Exit codes: 0 fine, 1 failure, 2 bad input, 3 a person is needed, 4 not found, 5 no broker, 6 timeout`,
    );

  withSettings(vigil.command('start'))
    .description('start the supervisor, analyse the fleet, and keep watching until Ctrl-C')
    .option('--once', 'exit after the first complete analysis')
    .option('--json', 'print results as JSON lines')
    .addOption(numberOption('--hosts <n>', 'host processes'))
    .addOption(numberOption('--port <n>', "the broker's port"))
    .addHelpText(
      'after',
      '\nExamples:\n  vigil start\n  vigil start --once --json | jq .agent\n  vigil start --config night.yaml --hosts 2',
    )
    .action(async (options) => {
      // Before the rest is loaded: a signal that comes meanwhile ends it in order, too.
      const stopAsked = interrupted();
      process.exitCode = await (await import('./commands/start.js')).start(options, stopAsked);
    });

  vigil
    .command('judge')
    .argument('<path...>', 'logs, or folders of logs')
    .description('judge logs once, after the fact, without broker or database')
    .option('--json', 'print one JSON object per log')
    .option('--goal <text>', 'what the agent was to achieve (default: the first request in the log)')
    .addHelpText(
      'after',
      '\nExamples:\n  vigil judge ~/.claude/projects/-work/*.jsonl\n  vigil judge --json run.traj | jq .steeringType\n\nExit codes: 0 none needs steering, 3 one does, 2 a log could not be read',
    )
    .action(async (paths, options) => {
      process.exitCode = await (await import('./commands/judge.js')).judge(paths, options);
    });

  withSettings(vigil.command('host'))
    .description('run a host process that joins the fleet of a supervisor on this or another machine')
    .option('--nkey-file <file>', 'nkey seed of the host role')
    .option('--creds-file <file>', 'credentials file')
    .option('--label <label>', "this machine's label")
    .addHelpText(
      'after',
      '\nExamples:\n  vigil host --nats-url nats://10.0.0.5:4222 --nkey-file host.nk --label gpu-1',
    )
    .action(async (options) => {
      process.exitCode = await (await import('./commands/host.js')).host(options);
    });

  withSettings(vigil.command('watch'))
    .argument('[path...]', 'folders of sessions, or sessions (default: those of Claude Code and Codex)')
    .description(
      'find the sessions of Claude Code and Codex on this machine and watch them, without any setting',
    )
    .option('--subagents', "watch sub-agents' files as agents of their own")
    .option('--once', 'print one table and end')
    .option('--json', 'print results as JSON lines')
    .addHelpText(
      'after',
      '\nStarts Vigil when none runs on the data directory. Writes nothing into the folders it looks at.\n\nExamples:\n  vigil watch\n  vigil watch --once --json | jq .analysis.steeringType\n  vigil watch ~/.claude/projects/-work-api\n\nExit codes with --once: 0 none needs steering, 3 one does, 4 no session found',
    )
    .action(async (paths, options) => {
      const stopAsked = interrupted();
      process.exitCode = await (await import('./commands/watch.js')).watch(paths, options, stopAsked);
    });

  withSettings(vigil.command('run'))
    .argument('<command...>', 'the program and its arguments, behind "--"')
    .description(
      'run a program as a managed agent: its output is kept and judged, it can be steered and restarted',
    )
    .requiredOption('--id <id>', "the agent's id")
    .option('--goal <text>', 'what it is to achieve (default: the first thing it is told)')
    .addOption(
      new Option('--restart <when>', 'start it again when it ends')
        .choices(['never', 'on-failure', 'always'])
        .default('never'),
    )
    .addOption(
      new Option(
        '--steer <how>',
        'hand it steering messages: a line on its standard input, or in the file $VIGIL_STEER_FILE',
      ).choices(['stdin', 'file']),
    )
    .option('--take-over', 'end another runner of this agent, if there is one, and go on in its place')
    .option('--log-dir <folder>', 'captured output (default: agents/<id> in the data directory)')
    .addOption(numberOption('--log-bytes <n>', 'size at which a file of output is rotated'))
    .addOption(numberOption('--log-files <n>', 'files kept of each stream'))
    .addOption(numberOption('--grace <seconds>', 'from SIGTERM to SIGKILL'))
    .option('--nkey-file <file>', 'nkey seed of the agent role, for --nats-url')
    .option('--creds-file <file>', 'credentials file, for --nats-url')
    .passThroughOptions()
    .addHelpText(
      'after',
      `
It runs without a supervisor as well, and is watched from when one appears. Ctrl-C goes to the agent's whole process
group; a second one ends it by force.

Examples:
  vigil run --id fixer --goal "Make the tests pass" -- claude -p "Make the tests pass" --output-format stream-json
  vigil run --id nightly --restart on-failure --steer file -- ./agent.sh
  vigil run --id far --nats-url nats://10.0.0.5:4222 --nkey-file agent.nk -- python agent.py

Exit code: the program's own (128 + n when signal n ended it); 126 and 127 when it could not be started.`,
    )
    .action(async (command, options) => {
      const code = await (await import('./commands/run.js')).run(command, options);
      // A broker that does not answer is left, whatever waits there.
      process.exit(code);
    });

  withSettings(vigil.command('logs'))
    .argument('<agent>', 'id of the agent')
    .description("the end of an agent's event stream: time, role, tool, outcome")
    .option('-f, --follow', 'go on as it grows, until Ctrl-C')
    .addOption(numberOption('--last <n>', 'events shown, at most 1000 (default: 50)'))
    .option('--json', 'print one JSON object per event')
    .addHelpText(
      'after',
      '\nExamples:\n  vigil logs fixer -f\n  vigil logs fixer --last 200 --json | jq .tool',
    )
    .action(async (agent, options) => {
      const stopAsked = interrupted();
      process.exitCode = await (await import('./commands/logs.js')).logs(agent, options, stopAsked);
    });

  withSettings(vigil.command('steer'))
    .argument('<agent>', 'id of the agent')
    .argument('<text...>', 'what it is told; reaches it as one line')
    .description('tell an agent something: through its runner (vigil run --steer), or at its next hook')
    .option('--dry-run', 'only record what would be sent')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  vigil steer fixer "Leave the lock file alone."\n  vigil steer fixer --dry-run --json "Stop." | jq .state\n\nExit codes: 0 the agent has it, 3 it waits or was not delivered, 4 no such agent',
    )
    .action(async (agent, text, options) => {
      process.exitCode = await (await import('./commands/steer.js')).steer(agent, text, options);
    });

  const interventions = vigil
    .command('interventions')
    .description('what Vigil recommends to tell agents, what was sent, and what it did')
    .addHelpText(
      'after',
      '\nExamples:\n  vigil interventions list --state pending\n  vigil interventions approve 0mf3k2x1a0c4d5e6f7a8b9c0d\n  vigil interventions list --json | jq .effect.outcome',
    );
  withSettings(interventions.command('list', { isDefault: true }))
    .description('the latest ones')
    .option('--agent <id>', 'only of this agent')
    .option(
      '--state <state>',
      'only in this state: notified, pending, queued, waiting, delivered, undelivered, rejected, expired',
    )
    .addOption(numberOption('--last <n>', 'how many, at most 1000 (default: 20)'))
    .option('--json', 'print one JSON object per intervention')
    .action(async (options) => {
      process.exitCode = await (await import('./commands/interventions.js')).list(options);
    });
  withSettings(interventions.command('approve'))
    .argument('<id>', 'id of one that is pending')
    .description('send it to the agent')
    .option('--message <text>', 'tell the agent this in its place')
    .option('--json', 'print JSON')
    .action(async (id, options) => {
      process.exitCode = await (await import('./commands/interventions.js')).decide(id, true, options);
    });
  withSettings(interventions.command('reject'))
    .argument('<id>', 'id of one that is pending')
    .description('do not send it')
    .option('--json', 'print JSON')
    .action(async (id, options) => {
      process.exitCode = await (await import('./commands/interventions.js')).decide(id, false, options);
    });

  const hook = vigil
    .command('hook')
    .description('hooks for agents that Vigil watches but does not run')
    .addHelpText('after', '\nHow to install it: docs/guides/steering.md');
  withSettings(hook.command('claude-code'))
    .description(
      'show a Claude Code session what it is to be told; reads the hook input, never disturbs the session',
    )
    .action(async (options) => {
      process.exitCode = await (await import('./commands/hook.js')).hookClaudeCode(options);
    });

  agentCommands(vigil);
  taskCommands(vigil);
  repoCommands(vigil);

  withSettings(vigil.command('doctor'))
    .description(
      'check the whole set-up (programs, broker, disk, database, clock, keys, settings) and say what to mend',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nWorks with and without a running supervisor, and changes nothing.\n\nExamples:\n  vigil doctor\n  vigil doctor --json | jq \'.checks[] | select(.state != "ok")\'\n\nExit codes: 0 nothing fails, 1 something does',
    )
    .action(async (options) => {
      process.exitCode = await (await import('./commands/doctor.js')).doctor(options);
    });

  withSettings(vigil.command('status'))
    .description('how the running supervisor is')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  vigil status\n  vigil status --json | jq .hosts')
    .action(async (options) => {
      process.exitCode = await (await import('./commands/status.js')).status(options);
    });

  withSettings(vigil.command('tree'))
    .description(
      'the supervision tree of the running supervisor: kind, id, state, restarts, mailbox, last error',
    )
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  vigil tree')
    .action(async (options) => {
      process.exitCode = await (await import('./commands/status.js')).tree(options);
    });

  withSettings(vigil.command('config'))
    .description('print the effective settings and where each came from')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  vigil config\n  VIGIL_CYCLE_INTERVAL_MS=5000 vigil config --json')
    .action(async (options) => {
      process.exitCode = (await import('./commands/config.js')).config(options);
    });

  return vigil;
}

/** What went wrong, on one line, without a stack: the message says how to mend it. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.fine : EXIT.usage;
  if (error instanceof VigilError) {
    console.error(`vigil: ${error.message.replace(/\s*\n\s*/g, ' ')}`);
    return exitCodeOf(error.code);
  }
  console.error(
    `vigil: unexpected: ${messageOf(error)}${process.env['DEBUG'] === undefined ? '' : `\n${(error as Error).stack}`}`,
  );
  return EXIT.failure;
}

try {
  await program().parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
