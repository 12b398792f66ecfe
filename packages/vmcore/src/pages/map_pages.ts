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

  /** Takes a piece of the map by where it lies; false for one that was taken before. */
  takes(physical: PhysicalAddress): boolean {
    // Two pieces can begin in one page where a struct page is not a power of two: one in each half.
    const key = Math.floor(physical / this.#half);
    const index = Math.floor(key / 32);
    const word = this.#taken.get(index) ?? 0;
    const isNew = ((word >>> (key & 31)) & 1) === 0;
    if (isNew) this.#taken.set(index, word | (1 << (key & 31)));
    else this.#spare--;
    return isNew;
  }

  /** Notes whether the dump holds what was to be read. */
  note(isHeld: boolean): void {
    this.#spare += isHeld ? SPARE_PER_PAGE : -1;
  }
}
