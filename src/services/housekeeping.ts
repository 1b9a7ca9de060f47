import type { Store } from '../store/store.js';

const DAY_MS = 86_400_000;
const EVERY_MS = 3_600_000;

/** Removes what is older than `keepDays` from the record, now and every hour. @returns how to stop. */
export function keepHouse(store: Store, keepDays: number, failed: (error: unknown) => void): () => void {
  const tidy = () => {
    const before = Date.now() - keepDays * DAY_MS;
    store
      .write(() => {
        store.requests.prune(before);
        store.verdicts.prune(before);
        store.interventions.prune(before);
        store.restarts.prune(before);
        store.repositories.prune();
      })
      .catch(failed);
  };
  tidy();
  const timer = setInterval(tidy, EVERY_MS);
  return () => clearInterval(timer);
}
