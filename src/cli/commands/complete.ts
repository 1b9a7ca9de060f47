import type { Command } from 'commander';
import { visible } from '../../messages/visible.js';
import { complete } from '../complete/candidates.js';

/** Prints what may stand at the cursor, for the script of a shell. */
export async function printCandidates(program: Command, words: readonly string[]): Promise<void> {
  const { candidates, paths } = await complete(program, words, async (place) =>
    (await import('../complete/look-up.js')).lookUp(place),
  );
  const lines = candidates.map(({ value, text }) => `${value}\t${visible(text)}`);
  process.stdout.write(`${[...lines, `:${paths}`].join('\n')}\n`);
}
