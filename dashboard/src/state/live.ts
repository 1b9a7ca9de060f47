import { signal } from '@preact/signals';
import { ApiError, get } from './api';
import { heardTime } from './clock';

export interface LiveEvent {
  readonly subject: string;
  readonly body: Record<string, unknown>;
}

/** `locked`: the token is missing. */
export type Connection = 'connecting' | 'live' | 'lost' | 'locked';

export const connection = signal<Connection>('connecting');
/** When we last heard of the server, by this browser's clock. */
export const heardAt = signal(Date.now());

/** The server says something every three seconds. */
const SILENCE_MS = 10_000;
const RETRY_MS = 2_000;

const listeners = new Set<(event: LiveEvent) => void>();
const resyncs = new Set<() => void>();
let source: EventSource | undefined;
let lastId = '';

/** @returns how to stop. */
export function onEvent(listener: (event: LiveEvent) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Told when events were missed: everything has to be read anew. @returns how to stop. */
export function onResync(listener: () => void): () => void {
  resyncs.add(listener);
  return () => resyncs.delete(listener);
}

export function follow(): void {
  open();
  setInterval(() => {
    if (connection.value === 'live' && Date.now() - heardAt.value > SILENCE_MS) lost();
  }, 1_000);
  // A browser that slept is behind before it knows.
  addEventListener('online', () => lost(0));
}

function open(): void {
  source?.close();
  const opened = new EventSource(`/events${lastId === '' ? '' : `?last=${encodeURIComponent(lastId)}`}`);
  source = opened;
  const heard = () => {
    heardAt.value = Date.now();
  };
  opened.addEventListener('hello', (event) => {
    heard();
    heardTime(Number(event.data));
    lastId = event.lastEventId;
    const wasLost = connection.value !== 'live';
    connection.value = 'live';
    if (wasLost) for (const listener of resyncs) listener();
  });
  opened.addEventListener('beat', (event) => {
    heard();
    heardTime(Number(event.data));
  });
  opened.addEventListener('resync', () => {
    heard();
    for (const listener of resyncs) listener();
  });
  opened.addEventListener('message', (event) => {
    heard();
    lastId = event.lastEventId;
    const told = JSON.parse(event.data) as LiveEvent;
    for (const listener of listeners) listener(told);
  });
  opened.addEventListener('error', () => {
    if (source === opened) lost();
  });
}

let waiting: ReturnType<typeof setTimeout> | undefined;

function lost(after = RETRY_MS): void {
  source?.close();
  source = undefined;
  if (connection.value !== 'locked') connection.value = 'lost';
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    // The stream does not say why it was refused; a plain request does.
    get('/api/about').then(open, (error: unknown) => {
      const locked = error instanceof ApiError && error.code === 'FORBIDDEN';
      connection.value = locked ? 'locked' : 'lost';
      lost();
    });
  }, after);
}
