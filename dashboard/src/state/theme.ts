import { effect, signal } from '@preact/signals';

export type Theme = 'dark' | 'light';

const KEY = 'vigil-theme';
const system = matchMedia('(prefers-color-scheme: light)');
const chosen = localStorage.getItem(KEY);

/** The system's, until a person chooses. */
export const theme = signal<Theme>(
  chosen === 'dark' || chosen === 'light' ? chosen : system.matches ? 'light' : 'dark',
);
system.addEventListener('change', () => {
  if (localStorage.getItem(KEY) === null) theme.value = system.matches ? 'light' : 'dark';
});
effect(() => {
  document.documentElement.dataset['theme'] = theme.value;
});

export function toggleTheme(): void {
  theme.value = theme.value === 'dark' ? 'light' : 'dark';
  localStorage.setItem(KEY, theme.value);
}
