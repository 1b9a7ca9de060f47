import Table from 'cli-table3';
import { CHANNELS, type Channel } from '../../messages/channels.js';
import { EXIT } from '../exit-codes.js';
import { cut, NO_BORDERS } from '../render.js';
import { type SettingsOptions, settingsOf } from '../settings.js';
import { pc, terminalWidth } from '../terminal.js';

/** What a client does there. */
const DIRECTIONS: Readonly<Record<Channel['direction'], string>> = {
  receive: 'publish',
  answer: 'request',
  send: 'subscribe',
};
/** Of a description at least. */
const MIN_TEXT = 24;

export interface SubjectsOptions extends SettingsOptions {
  readonly json?: boolean;
}

/** Lists the subjects of the public interface. @param words only those that have all of them. @returns the exit code. */
export function subjects(words: readonly string[], options: SubjectsOptions): number {
  const { settings } = settingsOf(options);
  const rows = CHANNELS.map((channel) => rowOf(channel, settings.prefix)).filter((row) => {
    const text = Object.values(row).join(' ').toLowerCase();
    return words.every((word) => text.includes(word.toLowerCase()));
  });
  if (options.json === true) for (const row of rows) console.log(JSON.stringify(row));
  else if (rows.length > 0) console.log(tableOf(rows));
  else console.error(`no subject has ${words.join(' and ')}`);
  return rows.length > 0 ? EXIT.fine : EXIT.notFound;
}

type Row = ReturnType<typeof rowOf>;

function rowOf({ pattern, direction, messages, replies, stream, description }: Channel, prefix: string) {
  const [reply] = replies;
  return {
    subject: `${prefix}.${pattern}`,
    client: DIRECTIONS[direction],
    payload: messages.map(({ name }) => name).join(', '),
    ...(reply === undefined ? {} : { reply: reply.name }),
    ...(stream === undefined ? {} : { stream: `${prefix.toUpperCase()}_${stream.toUpperCase()}` }),
    description,
  };
}

function tableOf(rows: readonly Row[]): string {
  const table = new Table({
    head: ['CLIENTS', 'SUBJECT', 'PAYLOAD', 'WHAT FOR'],
    chars: NO_BORDERS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  const widest = (of: (row: Row) => string) => Math.max(...rows.map((row) => of(row).length));
  const fixed =
    'subscribe'.length + widest(({ subject }) => subject) + widest(({ payload }) => payload) + 3 * 2;
  const room = Math.max(MIN_TEXT, terminalWidth() - fixed);
  for (const { client, subject, payload, description } of rows)
    table.push([pc.dim(client), subject, payload, cut(description, room)]);
  return table.toString();
}
