import { useEffect, useRef, useState } from 'preact/hooks';
import { get } from '../state/api';
import { onEvent, onResync } from '../state/live';

/** Between two reads of one answer, however much happens; a person's own doing is read at once. */
const PAUSE_MS = 2_000;

/**
 * An answer of the server, read anew when an event concerns it, after a lost connection, and every `everyMs`.
 *
 * @param concerns told of each event's subject.
 */
export function useAnswer<T>(
  path: string,
  concerns: (subject: string) => boolean,
  everyMs: number,
): { readonly answer: T | undefined; readonly error: string | undefined; readonly read: () => void } {
  const [answer, setAnswer] = useState<T>();
  const [error, setError] = useState<string>();
  const now = useRef(() => {});
  useEffect(() => {
    let gone = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let readAt = Number.NEGATIVE_INFINITY;
    const read = async () => {
      readAt = performance.now();
      try {
        const read = await get<T>(path);
        if (!gone) {
          setAnswer(read);
          setError(undefined);
        }
      } catch (failed) {
        if (!gone) setError(failed instanceof Error ? failed.message : String(failed));
      }
      if (!gone) wait(everyMs);
    };
    const wait = (ms: number) => {
      clearTimeout(timer);
      timer = setTimeout(read, ms);
    };
    const soon = () => wait(Math.max(0, readAt + PAUSE_MS - performance.now()));
    now.current = () => void read();
    void read();
    const endEvents = onEvent(({ subject }) => concerns(subject) && soon());
    const endResync = onResync(soon);
    return () => {
      gone = true;
      clearTimeout(timer);
      endEvents();
      endResync();
    };
  }, [path]);
  return { answer, error, read: () => now.current() };
}
