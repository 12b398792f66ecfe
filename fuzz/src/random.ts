/** Numbers that look random and are the same for the same seed, on every engine (a 32-bit xorshift-multiply mix). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An unsigned 32-bit number. */
  next(): number {
    this.#state = (this.#state + 0x9e37_79b9) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0_aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  }

  /** A whole number in `[0, limit)`; 0 for a limit of 0. */
  below(limit: number): number {
    return limit < 1 ? 0 : Math.floor(((this.next() * 0x20_0000 + (this.next() >>> 11)) / 2 ** 53) * limit);
  }

  /** One of the items. Throws for none. */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new Error('Nothing to pick from');
    return items[this.below(items.length)] as T;
  }

  /** True so many times in a hundred. */
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  /** Mostly 1, and more of them more rarely, up to `most`. */
  few(most: number): number {
    let count = 1;
    while (count < most && this.chance(45)) count = Math.min(most, count * 2);
    return count;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.next() & 0xff);
  }
}

/** The seed of a case of a run: neighbours have nothing in common. */
export function caseSeed(seed: number, number: number): number {
  return new Random((seed ^ Math.imul(number + 1, 0x85eb_ca6b)) >>> 0).next();
}
