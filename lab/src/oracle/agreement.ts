import type { Checks } from '../checks.ts';

/** How many values of a sort were compared, and how many were the same. */
interface Count {
  compared: number;
  same: number;
  /** The first few that were not. */
  readonly differences: string[];
}

const SHOWN = 5;

/** Counts what the product and the guest say alike, and keeps the first things that they don't. */
export class Agreement {
  readonly #counts = new Map<string, Count>();

  /** Compares two values of a sort by their text; `where` tells which it was. */
  compare(sort: string, where: string, ours: unknown, guests: unknown): boolean {
    const count = this.#count(sort);
    count.compared += 1;
    const same = String(ours) === String(guests);
    if (same) count.same += 1;
    else if (count.differences.length < SHOWN)
      count.differences.push(`${where}: ${ours}, the guest ${guests}`);
    return same;
  }

  /** Numbers of compared values by sort. */
  counts(): Record<string, number> {
    return Object.fromEntries([...this.#counts].map(([sort, { compared }]) => [sort, compared]));
  }

  /** Complains of each sort of which not all values were the same. */
  check(checks: Checks): void {
    for (const [sort, { compared, same, differences }] of this.#counts) {
      const found = `${compared - same} that are not: ${differences.join(' | ')}`;
      if (same !== compared) checks.at(sort).fail(`all ${compared} as the guest says`, found);
    }
  }

  #count(sort: string): Count {
    const known = this.#counts.get(sort);
    if (known !== undefined) return known;
    const made: Count = { compared: 0, same: 0, differences: [] };
    this.#counts.set(sort, made);
    return made;
  }
}
