import { z } from 'zod';

/** What an agent's tool call does to the world, whatever the tool is called. */
export const ActionClass = z.enum([
  'read', // looks at files or output
  'search', // greps, lists, globs, searches the web
  'edit', // changes files
  'run', // runs a command, a test, a build
  'plan', // writes a to-do list or a plan
  'poll', // waits for or looks at a long-running command
  'ask', // asks the person: question, plan to approve, permission
  'delegate', // starts a sub-agent
  'finish', // ends the session, submits
  'other',
]);
export type ActionClass = z.infer<typeof ActionClass>;

export const EventKind = z.enum([
  'message',
  'thought',
  'tool_call',
  'tool_result',
  'error',
  'usage',
  'system',
]);
export type EventKind = z.infer<typeof EventKind>;

/** Tokens of one model call. All counts are deltas, never running totals. */
export const Tokens = z.object({
  input: z.number().int().nonnegative(),
  output: z.number().int().nonnegative(),
  cacheRead: z.number().int().nonnegative().optional(),
  cacheWrite: z.number().int().nonnegative().optional(),
  /** US dollars, where the log itself states them. */
  cost: z.number().nonnegative().optional(),
});
export type Tokens = z.infer<typeof Tokens>;

/** Where an agent works, as far as its log says. */
export const LogPlace = z.object({
  cwd: z.string().optional(),
  branch: z.string().optional(),
  /** Address of the repository. */
  repository: z.string().optional(),
});
export type LogPlace = z.infer<typeof LogPlace>;

/**
 * One thing an agent did or was told: the stream that every log format is turned into.
 *
 * Long texts are cut to a bound with `truncated: true`; `actionKey` and `outcomeKey` are computed from the whole
 * text before the cut, so equality of long commands and outputs is never lost to it.
 */
export const AgentEvent = z.object({
  /** Position in the agent's event stream, from 0, without gaps. */
  index: z.number().int().nonnegative(),
  /** Epoch milliseconds; null when the log states no time. May step back. */
  at: z.number().nullable(),
  role: z.enum(['user', 'assistant', 'tool', 'system']),
  kind: EventKind,
  /** Message, thought, error or system text. */
  text: z.string().optional(),
  /** tool_call and tool_result: the tool's name as the log has it. */
  tool: z.string().optional(),
  /** tool_call and tool_result: the log's own id for the call, or one made from its position. */
  callId: z.string().optional(),
  /** tool_call: what it does. */
  action: ActionClass.optional(),
  /** tool_call: the input as text (a command as itself, an object as canonical JSON). */
  input: z.string().optional(),
  /** tool_call: files it names, as the log writes them. At most 16. */
  paths: z.array(z.string()).optional(),
  /** tool_result: the output as text. */
  output: z.string().optional(),
  isError: z.boolean().optional(),
  /** tool_result: a person refused the call; not the agent's failure. */
  rejected: z.boolean().optional(),
  exitCode: z.number().int().optional(),
  tokens: Tokens.optional(),
  /** With `tokens`: the model that was called, where the log names it. */
  model: z.string().optional(),
  /** Where the agent works, when the log says so for the first time or says something else. */
  place: LogPlace.optional(),
  /** tool_call, message: equal exactly when the action is the same (tool and canonical input). */
  actionKey: z.string().optional(),
  /** tool_result, error: equal when the outcome is the same once times, durations, pids, ids and temp paths are normalised. */
  outcomeKey: z.string().optional(),
  /** The session ended here by its own account ("submitted", "finished", ...). */
  ended: z.string().optional(),
  /** The agent has ended its turn by the log's own account: what comes next comes from a person. */
  turnEnded: z.boolean().optional(),
  /**
   * The first event of a new session: in a log that holds several, or after a log was replaced and is read anew. The
   * agent starts afresh there. The session's id as the log has it, or one made from its position.
   */
  session: z.string().optional(),
  /** The record belongs to a sub-agent inside this log. */
  sidechain: z.boolean().optional(),
  /** A text was cut to the bound. */
  truncated: z.boolean().optional(),
});
export type AgentEvent = z.infer<typeof AgentEvent>;

/** The log formats, named as the detector reports them. */
export const LogFormat = z.enum(['claude-code', 'codex', 'swe-agent', 'openhands', 'aider', 'jsonl', 'text']);
export type LogFormat = z.infer<typeof LogFormat>;
