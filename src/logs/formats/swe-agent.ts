import { parseJson } from '../../messages/json.js';
import { DraftMaker } from '../drafts.js';
import { shortHash } from '../fingerprint.js';
import { salvageJson, topLevelKeys } from '../json-scan.js';
import { countOf, type JsonObject, objectOf, stringOf } from '../json-value.js';
import { NoteList } from '../notes.js';
import { type Chunk, type Draft, erase, type Format, type Head, type Parsed } from './format.js';
import { readHistory, readPrompts } from './swe-agent-history.js';
import { readTrajectory } from './swe-agent-trajectory.js';

/**
 * SWE-agent's `.traj` and mini-swe-agent's `.traj.json`: one JSON document, rewritten whole after every step. Forms:
 * {trajectory, history, info}; {history} alone; {info, messages, trajectory_format}; a bare list of messages.
 */

interface DocumentState {
  /** Events given out so far. */
  readonly emitted: number;
  /** Hash of those events: whether the document still tells the same story. */
  readonly prefix: string;
  /** Hash of the bytes last parsed. */
  readonly content: string;
  /** How often it was replaced by another one. */
  readonly restarts: number;
}

/** Nothing else in a JSON list of messages says so surely that it is one. */
const MESSAGE_KEYS = ['role', 'content'];

function detect(head: Head): number {
  const { kind, keys } = topLevelKeys(head.text);
  if (kind === '[') return MESSAGE_KEYS.every((key) => keys.has(key)) && !keys.has('action') ? 0.8 : 0;
  if (kind !== '{') return 0;
  if (keys.has('trajectory')) return 0.95;
  if (keys.has('trajectory_format')) return 0.95;
  if (keys.has('history') && !keys.has('instance_id')) return 0.85;
  const mini = /"(?:mini_version|model_stats|exit_status)"/.test(head.text);
  return mini && keys.has('info') ? 0.85 : 0;
}

function parse(chunk: Chunk, state: DocumentState | undefined): Parsed<DocumentState> {
  const notes = new NoteList();
  const content = shortHash(chunk.bytes);
  const nothing = { events: [], unknown: 0, skipped: 0, pending: false };
  if (state?.content === content) {
    return { ...nothing, state, consumed: chunk.bytes.length, notes: [] };
  }
  const document = readDocument(chunk, notes);
  if (document === undefined) {
    const waiting = state ?? { emitted: 0, prefix: shortHash(''), content: '', restarts: 0 };
    return { ...nothing, state: waiting, consumed: 0, notes: notes.toArray() };
  }
  const make = new DraftMaker(chunk.limits.maxFieldChars);
  const counts = { skipped: 0, unknown: 0 };
  const all = eventsOf(document, make, counts);
  const replaced = isReplaced(all, state);
  const restarts = (state?.restarts ?? 0) + (replaced ? 1 : 0);
  const prefix = hashOf(all);
  const events = replaced ? all : all.slice(state?.emitted ?? 0);
  if (replaced) {
    notes.add('document replaced, read again from its start');
    if (events[0] !== undefined) events[0].session = `restart-${restarts}`;
  }
  return {
    events,
    state: { emitted: all.length, prefix, content, restarts },
    consumed: chunk.bytes.length,
    ...counts,
    notes: notes.toArray(),
    pending: false,
  };
}

export const sweAgent: Format = erase<DocumentState>({ name: 'swe-agent', unit: 'document', detect, parse });

/** The document; of a damaged one, what comes before the damage, when nothing more is to be expected. */
function readDocument(chunk: Chunk, notes: NoteList): unknown {
  const text = Buffer.from(chunk.bytes.buffer, chunk.bytes.byteOffset, chunk.bytes.byteLength)
    .toString('utf8')
    .replace(/^\ufeff/, '');
  const whole = parseJson(text);
  if (whole !== undefined) return whole;
  if (!chunk.final) {
    notes.add('half-written or damaged: waits for its rest');
    return undefined;
  }
  const rescued = salvageJson(text);
  if (rescued === undefined) {
    notes.add('not JSON, skipped');
    return undefined;
  }
  notes.add(`damaged or cut off: read up to character ${rescued.usable} of ${text.length}`);
  return parseJson(rescued.json);
}

/** The document tells another story than the events that were given out. */
function isReplaced(all: readonly Draft[], state: DocumentState | undefined): boolean {
  if (state === undefined || state.emitted === 0) return false;
  return all.length < state.emitted || hashOf(all.slice(0, state.emitted)) !== state.prefix;
}

function hashOf(events: readonly Draft[]): string {
  return shortHash(JSON.stringify(events));
}

interface Counts {
  skipped: number;
  unknown: number;
}

function eventsOf(document: unknown, make: DraftMaker, counts: Counts): Draft[] {
  if (Array.isArray(document)) return readHistory(document, make, counts);
  const root = objectOf(document) ?? {};
  const history = listOf(root.history) ?? listOf(root.messages) ?? [];
  const trajectory = listOf(root.trajectory);
  const events =
    trajectory !== undefined && trajectory.length > 0
      ? [...readPrompts(history, make, counts), ...readTrajectory(trajectory, make, counts)]
      : readHistory(history, make, counts);
  const end = endOf(objectOf(root.info), make);
  if (end === undefined) return events;
  const last = events.at(-1);
  // mini-swe-agent's last message says already how it ended.
  if (last?.ended !== undefined) return [...events.slice(0, -1), { ...last, ...end, text: last.text ?? '' }];
  return [...events, end];
}

/** How the session ended, as an event of its own behind the last step: the steps before it stay what they were. */
function endOf(info: JsonObject | undefined, make: DraftMaker): Draft | undefined {
  const status = stringOf(info?.exit_status);
  if (info === undefined || status === undefined || status === '') return undefined;
  const stats = objectOf(info.model_stats) ?? {};
  const input = countOf(stats.tokens_sent);
  const output = countOf(stats.tokens_received);
  const cost =
    typeof stats.instance_cost === 'number' && stats.instance_cost > 0 ? stats.instance_cost : undefined;
  const event: Draft = { ...make.system(null, `exit status: ${status}`), ended: status };
  if (input + output > 0 || cost !== undefined) {
    event.tokens = { input, output, ...(cost !== undefined && Number.isFinite(cost) && { cost }) };
  }
  return event;
}

function listOf(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}
