import { signal } from '@preact/signals';

const query = matchMedia('(max-width: 700px)');

/** Whether the window is as narrow as a telephone. */
export const narrow = signal(query.matches);

query.addEventListener('change', ({ matches }) => {
  narrow.value = matches;
});
