import { z } from 'zod';
import { sessionId } from '../../discovery/session-name.js';
import { isId } from '../../messages/ids.js';
import { Client } from '../client.js';
import { EXIT } from '../exit-codes.js';
import { findRunning } from '../running.js';
import { type SettingsOptions, settingsOf } from '../settings.js';

/** What Claude Code tells a hook, as far as it matters here. */
const HookInput = z.object({
  hook_event_name: z.string(),
  transcript_path: z.string().min(1),
  /** Of a notification. */
  message: z.string().optional(),
  notification_type: z.string().optional(),
});
type HookInput = z.infer<typeof HookInput>;

/** Events whose hook may put something before the model. */
const SHOWS_CONTEXT = new Set(['SessionStart', 'UserPromptSubmit', 'PostToolUse']);
/** Events at which the session has come to rest, maybe to wait for a person: it is judged now and not at the next cycle. */
const AT_REST = new Set(['Stop', 'StopFailure', 'Notification', 'PermissionRequest']);
/** The session waits for its hook: less than a person notices. */
const TIMEOUT_MS = 1_000;
const MAX_INPUT_BYTES = 16 * 1024 * 1024;

/**
 * A hook of Claude Code: shows the session what it is to be told, and has it judged when it comes to rest. Whatever goes wrong, the session goes on undisturbed:
 * the exit code is 0 and nothing is printed; with DEBUG set, the reason is.
 */
export async function hookClaudeCode(options: SettingsOptions): Promise<number> {
  try {
    const context = await handle(JSON.parse(await readInput(process.stdin)), options);
    if (context !== undefined) console.log(JSON.stringify(context));
  } catch (error) {
    if (process.env['DEBUG'] !== undefined) console.error(error);
  }
  return EXIT.fine;
}

async function handle(input: unknown, options: SettingsOptions): Promise<unknown> {
  const parsed = HookInput.parse(input);
  const { hook_event_name: event, transcript_path: transcript } = parsed;
  if (!SHOWS_CONTEXT.has(event) && !AT_REST.has(event)) return undefined;
  const { settings } = settingsOf(options);
  findRunning(settings); // nobody to ask: not even a connection is tried
  const named = process.env['VIGIL_AGENT_ID'];
  const agent = named !== undefined && isId(named) ? named : sessionId(transcript, undefined);
  const client = await Client.find({
    ...settings,
    nats: { ...settings.nats, connectTimeoutMs: Math.min(settings.nats.connectTimeoutMs, TIMEOUT_MS) },
  });
  try {
    if (SHOWS_CONTEXT.has(event)) return await pendingFor(client, agent, event);
    const asked = permissionAsked(parsed);
    if (asked !== undefined) {
      const note = { id: agent, standing: 'waiting_permission', summary: asked } as const;
      await client.request('agents.note', note, TIMEOUT_MS);
      return undefined;
    }
    client.connection.publish(client.subjects.trigger('analyze'), JSON.stringify({ agents: [agent] }));
    return undefined;
  } finally {
    await client.close();
  }
}

/** What a person has to allow: it stands in no log before they have. */
function permissionAsked({
  hook_event_name: event,
  message,
  notification_type: type,
}: HookInput): string | undefined {
  const text = (message ?? 'asks for a permission').slice(0, 500);
  if (event === 'PermissionRequest') return text;
  const asks = type === undefined ? /permission/i.test(text) : type === 'permission_prompt';
  return event === 'Notification' && asks ? text : undefined;
}

async function pendingFor(client: Client, agent: string, event: string): Promise<unknown> {
  const { interventions } = await client.request('interventions.take', { agent }, TIMEOUT_MS);
  if (interventions.length === 0) return undefined;
  const messages = interventions.map(({ message }) => message);
  return { hookSpecificOutput: { hookEventName: event, additionalContext: contextOf(messages) } };
}

function contextOf(messages: readonly string[]): string {
  return `Vigil, which watches this session for its user, says:\n${messages.map((text) => `- ${text}`).join('\n')}`;
}

async function readInput(stream: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of stream) {
    bytes += part.length;
    if (bytes > MAX_INPUT_BYTES) throw new Error('the input of the hook is too large');
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}
