import type { Checks } from '../checks.ts';
import { CANARY_CLASSES } from './canaries.ts';

/** How many pages of a dump and of the whole memory hold a class's canary. */
interface CanaryCount {
  readonly class: string;
  readonly planted: number;
  readonly inMemory: number;
  readonly inDump: number;
}

/** The guest planted every class, and the memory of the crashed machine still holds each. */
export function checkPlanted(
  planted: ReadonlyMap<string, number | string>,
  inMemory: ReadonlyMap<string, readonly number[]>,
  checks: Checks,
): void {
  for (const { name, optional } of CANARY_CLASSES) {
    const bytes = planted.get(name);
    if (typeof bytes !== 'number') {
      if (optional !== true) checks.at(name).fail('a class that the guest planted', String(bytes));
      continue;
    }
    checks.at(`${name}: pages of the whole memory`).that((inMemory.get(name)?.length ?? 0) > 0, 'some', 0);
  }
}

/** One line a class, for people. */
export function countCanaries(
  planted: ReadonlyMap<string, number | string>,
  inMemory: ReadonlyMap<string, readonly number[]>,
  inDump: ReadonlyMap<string, readonly number[]>,
): CanaryCount[] {
  return CANARY_CLASSES.map(({ name }) => {
    const bytes = planted.get(name);
    return {
      class: name,
      planted: typeof bytes === 'number' ? bytes : 0,
      inMemory: inMemory.get(name)?.length ?? 0,
      inDump: inDump.get(name)?.length ?? 0,
    };
  });
}
