import type { Command } from 'commander';
import { interrupted } from '../signals.js';
import { numberOption, withSettings } from './options.js';

const CODES =
  'Exit codes: 0 all is well, 3 one needs a person, 4 a named agent is not on record, 1 some could not be judged, 6 not in time, 5 no broker, 130 Ctrl-C (the request goes on)';

/** `vigil analyze`, `emergency`, `cycle`, `coherence`: has the supervisor judge now. */
export function analysisCommands(vigil: Command): void {
  const load = () => import('../commands/analyses.js');
  const command = (
    name: 'analyze' | 'emergency' | 'cycle' | 'coherence',
    text: string,
    examples: string[],
  ) => {
    const made = withSettings(vigil.command(name).description(text))
      .addOption(numberOption('--timeout <seconds>', 'what is not judged by then is named as missing'))
      .option('--request-id <id>', 'idempotent: a request of this id is run once, its result given again')
      .option('--no-wait', 'only trigger it; prints the id of the request')
      .option('--json', 'print each result as a JSON line, the final one last')
      .addHelpText(
        'after',
        `\nExamples:\n${examples.map((each) => `  vigil ${each}`).join('\n')}\n\n${CODES}`,
      );
    return made;
  };
  const run = async (name: Parameters<typeof command>[0], agents: string[], options: object) => {
    const stopAsked = interrupted();
    process.exitCode = await (await load()).request(name, agents, options, stopAsked);
  };
  command('analyze', 'analyse agents now, and show their verdicts', [
    'analyze',
    'analyze fixer --force',
    'analyze --json | tail -1 | jq .failures',
    'analyze --request-id nightly-2027-01-31',
  ])
    .argument('[agent...]', 'ids of agents (default: all active ones)')
    .option('--force', 'also those whose log has not changed since')
    .action((agents, options) => run('analyze', agents, options));
  command('emergency', 'forced analysis of agents and of the whole fleet at the same time', [
    'emergency fixer --reason "deleted the lock file"',
    'emergency --reason "the API is down" --timeout 60',
  ])
    .argument('[agent...]', 'ids of agents (default: all active ones)')
    .option('--reason <text>', 'put on record')
    .action((agents, options) => run('emergency', agents, options));
  command('cycle', 'one monitoring cycle now: verdicts, coherence, interventions', [
    'cycle',
    'cycle --json | tail -1 | jq .interventions',
  ]).action((options) => run('cycle', [], options));
  command('coherence', 'how the agents fit together now: same work, same files, score', [
    'coherence',
    'coherence --json | jq .items[0].conflicts',
  ]).action((options) => run('coherence', [], options));
}
