import { z } from 'zod';
import { Id } from './ids.js';

/**
 * What travels between an agent and the fleet on `vigil.agent.<agent>.*`. `vigil run` speaks it; so can any program that
 * wants to be watched, in any language.
 */

/** What an agent's process does. `exited`: ended for good, by itself or given up. */
export const ProcessState = z.enum(['starting', 'running', 'paused', 'restarting', 'stopping', 'exited']);
export type ProcessState = z.infer<typeof ProcessState>;

/** `finished`: by itself and well. `stopped`: as it was told. `given_up`: restarting it did not help. */
export const EndedHow = z.enum(['finished', 'failed', 'stopped', 'given_up']);
export type EndedHow = z.infer<typeof EndedHow>;

const Instance = z
  .string()
  .min(1)
  .max(64)
  .describe('New with each start of the runner: sequence numbers count within it.');

/** `vigil.agent.<agent>.heartbeat`. */
export const Heartbeat = z.object({
  instance: Instance,
  seq: z.number().int().nonnegative().describe('Grows by one with each heartbeat.'),
  at: z.string().describe('ISO time.'),
  state: ProcessState,
  pid: z.number().int().positive().nullable().describe("The agent's process; null while none runs."),
  intervalMs: z.number().int().positive().describe('The next one comes within this time.'),
  restarts: z.number().int().nonnegative().describe('Restarts since the runner started.'),
  exitCode: z
    .number()
    .int()
    .min(0)
    .max(255)
    .optional()
    .describe('Of the last run that ended; 128 + the number of the signal that ended it.'),
  lastWords: z
    .array(z.string().max(500))
    .max(20)
    .optional()
    .describe('After a run that failed: the last lines of its standard error.'),
  ended: EndedHow.optional().describe('With `exited`: how.'),
  pausedBy: z
    .enum(['control', 'signal'])
    .optional()
    .describe(
      'With `paused`: as it was told, or by a signal of somebody else; that one is restarted after a while.',
    ),
  rssBytes: z.number().int().nonnegative().optional().describe('Resident memory of the process.'),
  cpuMs: z.number().int().nonnegative().optional().describe('Processor time that the process has used.'),
  tokens: z.number().nonnegative().optional().describe('Tokens used by this instance so far.'),
  cost: z.number().nonnegative().optional().describe('US dollars spent by this instance so far.'),
});
export type Heartbeat = z.infer<typeof Heartbeat>;

/** Where a line comes from. `session`: what the runner did and what the agent was told. */
export const OutputStream = z.enum(['stdout', 'stderr', 'session']);
export type OutputStream = z.infer<typeof OutputStream>;

export const OutputLine = z.object({
  seq: z
    .number()
    .int()
    .nonnegative()
    .describe('Number of the line; what is missing between two was dropped.'),
  at: z.string().max(40).describe('ISO time.'),
  stream: OutputStream,
  text: z.string().describe('Without its line break. A JSON object is taken for a record of its own.'),
});
export type OutputLine = z.infer<typeof OutputLine>;

/** `vigil.agent.<agent>.output`: lines of an agent whose log files Vigil cannot read. */
export const Output = z.object({
  instance: Instance,
  lines: z.array(OutputLine).max(10_000),
  replay: z
    .boolean()
    .optional()
    .describe('The answer to a request for a replay: lines that were sent before.'),
  dropped: z
    .number()
    .int()
    .nonnegative()
    .default(0)
    .describe('Lines left out since the batch before, because they came faster than they are sent.'),
});
export type Output = z.infer<typeof Output>;

/** `vigil.agent.<agent>.replay`: asks for the latest lines once more; they come on `output`. */
export const Replay = z.object({});

/** `vigil.agent.<agent>.steer`. */
export const Steer = z.strictObject({
  id: Id.optional().describe(
    'A message that comes again under its id is acknowledged again and not told again.',
  ),
  message: z.string().min(1).max(20_000).describe('What the agent is told; reaches it as one line.'),
});
export type Steer = z.infer<typeof Steer>;

export const SteerReply = z.object({
  delivered: z.enum(['stdin', 'file']).describe('Where the message was written.'),
  at: z.string().describe('ISO time.'),
});
export type SteerReply = z.infer<typeof SteerReply>;

/** `vigil.agent.<agent>.control`. */
export const Control = z.strictObject({
  action: z
    .enum(['restart', 'stop', 'pause', 'resume'])
    .describe('`pause` and `resume` stop and continue the whole process group.'),
  instance: Instance.optional().describe(
    'Whom it is for: another instance passes it over without an answer.',
  ),
});
export type Control = z.infer<typeof Control>;

export const ControlReply = z.object({
  action: Control.shape.action,
  state: ProcessState.describe('After the action was begun.'),
  at: z.string().describe('ISO time.'),
});
export type ControlReply = z.infer<typeof ControlReply>;
