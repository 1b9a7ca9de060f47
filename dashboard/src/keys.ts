import { signal } from '@preact/signals';

export interface Key {
  readonly key: string;
  readonly does: string;
}

/** Those of all pages; the fleet has some of its own. */
export const KEYS: readonly Key[] = [
  { key: '1 … 5', does: 'Fleet, Coherence, Tasks, System' },
  { key: 'j / k', does: 'next, previous agent' },
  { key: 'Enter', does: 'open it' },
  { key: '/', does: 'search' },
  { key: 'Esc', does: 'back' },
  { key: 't', does: 'dark, light' },
  { key: '?', does: 'this help' },
];

export const helpShown = signal(false);

/** @param actions by key. A key that somebody types into a field, or that opens a menu, is left alone. @returns how to stop. */
export function onKeys(actions: Readonly<Record<string, () => void>>): () => void {
  const pressed = (event: KeyboardEvent) => {
    const { target } = event;
    const typing =
      target instanceof HTMLElement &&
      (target.matches('input, textarea, select, [contenteditable]') || target.closest('dialog') !== null);
    if (event.ctrlKey || event.metaKey || event.altKey || (typing && event.key !== 'Escape')) return;
    if (event.key === 'Enter' && target instanceof HTMLElement && target.matches('a, button, summary'))
      return;
    const action = actions[event.key];
    if (action === undefined || document.querySelector('dialog[open]') !== null) return;
    event.preventDefault();
    action();
  };
  addEventListener('keydown', pressed);
  return () => removeEventListener('keydown', pressed);
}
