import type { Checks } from '../checks.ts';
import { CANARY_CLASSES } from './canaries.ts';

/** The page frames that hold a canary, by class. */
export type Finds = ReadonlyMap<string, readonly number[]>;

/** The guest planted every class, and the memory of the crashed machine still holds each. */
export function checkPlanted(failures: ReadonlyMap<string, string>, inMemory: Finds, checks: Checks): void {
  for (const { name, optional, pages } of CANARY_CLASSES) {
    const failure = failures.get(name);
    const found = inMemory.get(name)?.length ?? 0;
    if (failure === undefined) {
      const at = checks.at(`${name}: pages of the whole memory`);
      if (pages === undefined) at.that(found > 0, 'some', found);
      else at.equal(found, pages);
    } else if (optional !== true) checks.at(name).fail('a class that the guest planted', failure);
  }
}

/** No page of the dump holds a canary that it must not hold. */
export function checkDropped(inDump: Finds, checks: Checks): void {
  for (const { name } of CANARY_CLASSES) {
    checks.at(`${name}: pages of the dump that hold its canary`).equal(inDump.get(name)?.length ?? 0, 0);
  }
}

/** How many pages hold each class's canary, for people and for the docs. */
export function countCanaries(inMemory: Finds, inDump: Finds): Record<string, object> {
  return Object.fromEntries(
    CANARY_CLASSES.map(({ name, must }) => [
      name,
      { must, memory: inMemory.get(name)?.length ?? 0, dump: inDump.get(name)?.length ?? 0 },
    ]),
  );
}
