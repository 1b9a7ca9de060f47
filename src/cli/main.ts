#!/usr/bin/env node
import { CommanderError } from 'commander';
import { messageOf, VigilError } from '../messages/errors.js';
import { visible } from '../messages/visible.js';
import { endWithReader } from './broken-pipe.js';
import { EXIT, exitCodeOf } from './exit-codes.js';
import { program } from './program/program.js';

/** What went wrong, on one line, without a stack: the message says how to mend it. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.fine : EXIT.usage;
  if (error instanceof VigilError) {
    console.error(`vigil: ${visible(error.message.replace(/\s*\n\s*/g, ' '))}`);
    return exitCodeOf(error.code);
  }
  console.error(
    `vigil: unexpected: ${visible(messageOf(error))}${process.env['DEBUG'] === undefined ? '' : `\n${(error as Error).stack}`}`,
  );
  return EXIT.failure;
}

// What a managed agent says goes its own way out, and nobody ends with its reader: see `echo.ts`.
if (process.argv[2] !== 'run') endWithReader();
try {
  await program().parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
