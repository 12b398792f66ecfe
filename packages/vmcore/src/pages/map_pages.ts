import type { PhysicalAddress } from '../bytes/address.ts';

/**
 * Pages of the memory map that may be absent, or be others' too, in all (128 GB of memory), and more for each page
 * that is there: of the eight that describe a huge page, the kernel frees seven.
 */
const SPARE = 1 << 19;
const SPARE_PER_PAGE = 7;

/**
 * Keeps the pass over the memory map from taking a page of it twice, and from going on where next to nothing of it is
 * there: sections and page tables of a damaged dump can claim any amount of map.
 */
export class MapPages {
  #spare: number;
  readonly #half: number;
  /** Those that were taken, a bit each. Pages of the map lie together; damaged ones may lie anywhere. */
  readonly #taken = new Map<number, number>();

  constructor(pageSize: number, spare = SPARE) {
    this.#half = pageSize / 2;
    this.#spare = spare;
  }

  /** Whether so little of the map was there that the rest is not worth looking for. */
  get exhausted(): boolean {
    return this.#spare < 0;
  }

  /**
   * Takes pieces of the map that begin in pages one after another, by where the first lies, up to one that was taken
   * before; says how many those are.
   */
  takes(physical: PhysicalAddress, most: number): number {
    // Two pieces can begin in one page where a struct page is not a power of two: one in each half.
    const first = Math.floor(physical / this.#half);
    for (let n = 0; n < most; ) {
      const key = first + 2 * n;
      const index = Math.floor(key / 32);
      let word = this.#taken.get(index) ?? 0;
      for (let bit = key - index * 32; bit < 32 && n < most; bit += 2, n++) {
        if (((word >>> bit) & 1) !== 0) {
          this.#taken.set(index, word);
          this.#spare--;
          return n;
        }
        word |= 1 << bit;
      }
      this.#taken.set(index, word);
    }
    return most;
  }

  /** Notes whether the dump holds pages that were to be read. */
  note(areHeld: boolean, pages: number): void {
    this.#spare += areHeld ? SPARE_PER_PAGE * pages : -pages;
  }
}
