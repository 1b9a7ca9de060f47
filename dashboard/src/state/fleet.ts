import { computed, signal } from '@preact/signals';
import { byUrgency, type Group, groupOf, urgency } from '../../../src/health/urgency';
import { changedRow, pendingAfter } from '../../../src/http/fleet-row';
import type { FleetAnswer, FleetRow } from '../../../src/http/views';
import type { Intervention } from '../../../src/messages/interventions';
import { get } from './api';
import { heardTime } from './clock';
import { connection, type LiveEvent, onEvent, onResync } from './live';

/** Read anew at least this often: what no event tells shows all the same. */
const REFRESH_MS = 30_000;
/** Not more often than this, however much happens. */
const PAUSE_MS = 4_000;

const agents = signal<ReadonlyMap<string, FleetRow>>(new Map());
export const pending = signal<readonly Intervention[]>([]);
/** Whether there was an answer at all. */
export const isLoaded = signal(false);
/** When the list was last read or told of a change, by this browser's clock. */
export const freshAt = signal(0);
export const search = signal('');
export const group = signal<Group | 'all'>('all');

export interface Row extends FleetRow {
  readonly urgency: number;
  readonly group: Group;
  /** Interventions that wait for a decision. */
  readonly decisions: number;
}

const rows = computed<readonly Row[]>(() => {
  const decisions = new Map<string, number>();
  for (const { agent } of pending.value) decisions.set(agent, (decisions.get(agent) ?? 0) + 1);
  const all = [...agents.value.values()].map((row): Row => {
    const open = decisions.get(row.id) ?? 0;
    return { ...row, decisions: open, urgency: urgency(row, open), group: groupOf(row, open) };
  });
  return all.sort(byUrgency);
});

export const counts = computed(() => {
  const found: Record<Group, number> = { you: 0, trouble: 0, running: 0, quiet: 0, finished: 0 };
  for (const row of rows.value) found[row.group]++;
  return { ...found, all: rows.value.length };
});

export const shown = computed<readonly Row[]>(() => {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = group.value;
  return rows.value.filter((row) => {
    if (wanted !== 'all' && row.group !== wanted) return false;
    if (words.length === 0) return true;
    const text =
      `${row.id} ${row.goal} ${row.summary} ${row.status.state} ${row.lastAnalysis?.steeringType ?? ''} ${row.host ?? ''} ${row.label ?? ''} ${row.place?.repository ?? ''} ${row.place?.branch ?? ''}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
});

export function rowOf(id: string): Row | undefined {
  return rows.value.find((row) => row.id === id);
}

let reading = false;
let again = false;
let readAt = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Reads the whole list, now or as soon as it may be read again. */
export function refresh(): void {
  if (reading) {
    again = true;
    return;
  }
  clearTimeout(timer);
  const wait = readAt + PAUSE_MS - performance.now();
  timer = setTimeout(read, readAt === 0 ? 0 : Math.max(0, wait));
}

async function read(): Promise<void> {
  reading = true;
  again = false;
  try {
    const answer = await get<FleetAnswer>('/api/fleet');
    heardTime(Date.parse(answer.at));
    agents.value = new Map(answer.agents.map((row) => [row.id, row]));
    pending.value = answer.pending;
    isLoaded.value = true;
    freshAt.value = Date.now();
  } catch {
    // The connection tells that the server is away, and reads anew when it is back.
    again = connection.value === 'live';
  } finally {
    reading = false;
    readAt = performance.now();
    timer = setTimeout(read, again ? PAUSE_MS : REFRESH_MS);
  }
}

/** Events that came since the last frame, taken in together. */
let told: LiveEvent[] = [];

export function followFleet(): void {
  onResync(refresh);
  onEvent((event) => {
    if (told.length === 0) setTimeout(takeIn, 100);
    told.push(event);
  });
  refresh();
}

function takeIn(): void {
  const events = told;
  told = [];
  const next = new Map(agents.value);
  let open = pending.value;
  for (const { subject, body } of events) {
    const [kind, what, agent = ''] = subject.split('.');
    if (kind === 'result' && what !== 'analysis') refresh();
    else if (what === 'intervention') open = pendingAfter(open, body as unknown as Intervention);
    else {
      const row = next.get(agent);
      if (row !== undefined) next.set(agent, changedRow(row, subject, body));
      else if (what === 'analysis' || what === 'agent') refresh();
    }
  }
  agents.value = next;
  pending.value = open;
  freshAt.value = Date.now();
}
