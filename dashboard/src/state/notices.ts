import { signal } from '@preact/signals';

export interface Said {
  readonly id: number;
  readonly text: string;
  readonly bad: boolean;
}

const SHOWN_MS = 6_000;
export const said = signal<readonly Said[]>([]);
let next = 0;

/** Says at the edge of the page what became of something that a person did. */
export function say(text: string, bad = false): void {
  const id = next++;
  said.value = [...said.value.slice(-3), { id, text, bad }];
  setTimeout(() => {
    said.value = said.value.filter((each) => each.id !== id);
  }, SHOWN_MS);
}

/** Does it and says how it went. @returns whether it went well. */
export async function attempt(what: string, action: () => Promise<string>): Promise<boolean> {
  try {
    say(await action());
    return true;
  } catch (error) {
    say(`${what}: ${error instanceof Error ? error.message : String(error)}`, true);
    return false;
  }
}
