const STEP_MS = 2;
const LIMIT_MS = 10_000;

/** Resolves when `holds`; rejects, naming `what`, when that takes too long. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const endsAt = performance.now() + LIMIT_MS;
  while (!(await holds())) {
    if (performance.now() > endsAt) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}

/** A promise with its ends outside. */
export interface Gate<T> {
  readonly promise: Promise<T>;
  open(value: T): void;
  fail(error: unknown): void;
}

export function gate<T = void>(): Gate<T> {
  let open: (value: T) => void = () => {};
  let fail: (error: unknown) => void = () => {};
  const promise = new Promise<T>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { promise, open, fail };
}
