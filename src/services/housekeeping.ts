import type { Store } from '../store/store.js';

const DAY_MS = 86_400_000;
const EVERY_MS = 3_600_000;

/** Removes what is older than it is kept from the record, now and every hour. @returns how to stop. */
export function keepHouse(
  store: Store,
  keepDays: { readonly results: number; readonly usage: number; readonly githubWrites: number },
  failed: (error: unknown) => void,
): () => void {
  const tidy = () => {
    const now = Date.now();
    const before = now - keepDays.results * DAY_MS;
    store
      .write(() => {
        store.requests.prune(before);
        store.verdicts.prune(before);
        store.interventions.prune(before);
        store.restarts.prune(before);
        store.repositories.prune();
        store.usage.prune(now - keepDays.usage * DAY_MS);
        store.issueTasks.prune();
        store.githubWrites.prune(now - keepDays.githubWrites * DAY_MS);
      })
      .catch(failed);
  };
  tidy();
  const timer = setInterval(tidy, EVERY_MS);
  return () => clearInterval(timer);
}
