import { type Command, Option } from 'commander';
import { VigilError } from '../../messages/errors.js';

/** Settings that every command which starts or finds a supervisor takes; flags win over file and environment. */
export function withSettings(command: Command): Command {
  return command
    .option(
      '-c, --config <file>',
      'configuration file (VIGIL_CONFIG; default: vigil.config.yaml or .json here)',
    )
    .option('--data-dir <folder>', 'database, broker store and credentials (VIGIL_DATA_DIR; default: .vigil)')
    .option('--nats-url <url>', 'use this broker instead of starting one (VIGIL_NATS_URL)');
}

export function numberOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text) => {
    const value = Number(text);
    if (!Number.isFinite(value))
      throw new VigilError('BAD_REQUEST', `${flags}: expected a number, got ${JSON.stringify(text)}`);
    return value;
  });
}
