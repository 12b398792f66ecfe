import { go } from './route.ts';

/** Keys of one letter, and where they lead. */
export const KEYS: readonly (readonly [key: string, view: string, words: string])[] = [
  ['s', 'summary', 'summary'],
  ['l', 'log', 'log'],
  ['c', 'cpus', 'CPUs'],
  ['t', 'tasks', 'tasks'],
  ['w', 'waits', 'who waits for whom'],
  ['m', 'memory', 'pages of memory'],
  ['b', 'slab', 'slab caches'],
  ['o', 'modules', 'modules'],
  ['d', 'devices', 'devices'],
  ['v', 'value', 'variables'],
  ['y', 'types', 'types'],
  ['a', 'address', 'memory at an address'],
  ['f', 'symbols', 'find symbols'],
];

const STORED = 'kcrash-keys';

/** Whether keys of one letter are listened to: who speaks to the computer may want them off. */
export function keysOn(): boolean {
  try {
    return localStorage.getItem(STORED) !== 'off';
  } catch {
    return true;
  }
}

/** Turns them on or off, for later visits too where the browser lets a page remember. */
export function turnKeys(on: boolean): void {
  try {
    localStorage.setItem(STORED, on ? 'on' : 'off');
  } catch {
    // A browser that remembers nothing.
  }
}

/** Listens to the keyboard. Gives what ends it. */
export function listenToKeys(help: () => void): () => void {
  const listen = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    const { target, key } = event;
    const typing = target instanceof HTMLElement && target.closest('input, select, textarea') !== null;
    if (typing) {
      if (key === 'Escape') (target as HTMLElement).blur();
      return;
    }
    if (!keysOn() && key !== '?') return;
    const view = KEYS.find(([letter]) => letter === key)?.[1];
    if (key === '?') help();
    else if (key === '/') document.querySelector<HTMLInputElement>('[data-search]')?.focus();
    else if (view !== undefined && document.querySelector('dialog[open]') === null) go(view);
    else return;
    event.preventDefault();
  };
  document.addEventListener('keydown', listen);
  return () => document.removeEventListener('keydown', listen);
}
