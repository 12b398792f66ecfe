import { routeHash } from '../route.ts';

/** The words of `@kcrash/report/findings`, and where what they tell of is shown. The first that fits counts. */
const PLACES: readonly (readonly [RegExp, string])[] = [
  [/^Deadlock: /, routeHash('waits')],
  [/^CPU \d+ spins for /, routeHash('cpus')],
  [/^Memory zone /, routeHash('memory')],
  [/ tasks were blocked \(state D\)$/, routeHash('tasks', '', { state: 'D' })],
  [/ unfinished requests?(?:,|$)/, routeHash('devices')],
  [/ waits? for /, routeHash('waits')],
];

/** Where to look at what a finding tells. */
export function placeOfFinding(text: string): string {
  return PLACES.find(([words]) => words.test(text))?.[1] ?? routeHash('problems');
}
