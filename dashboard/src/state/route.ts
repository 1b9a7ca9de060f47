import { computed, signal } from '@preact/signals';

export type View = 'fleet' | 'agent' | 'coherence' | 'tasks' | 'system';

const hash = signal(location.hash);
addEventListener('hashchange', () => {
  hash.value = location.hash;
});

/** Where we are, from behind the `#`: `#/agents/<id>`, `#/coherence`, ... */
export const route = computed<{ readonly view: View; readonly agent: string }>(() => {
  const [, first = '', second = ''] = hash.value.split('/');
  if (first === 'agents' && second !== '') return { view: 'agent', agent: decodeURIComponent(second) };
  if (first === 'coherence' || first === 'tasks' || first === 'system') return { view: first, agent: '' };
  return { view: 'fleet', agent: '' };
});

export function go(path: string): void {
  location.hash = path;
}

export function agentPath(id: string): string {
  return `#/agents/${encodeURIComponent(id)}`;
}
