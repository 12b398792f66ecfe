/**
 * Pages that share one allocation: large enough to be rare and to come from the system as zeros, which Node else writes
 * first (measured: 5 ms of a report), small enough that one page kept keeps little alive.
 */
const SHARED_PAGES = 128;

/**
 * Room for pages, many cut from one allocation: a `Uint8Array` with a buffer of its own costs more than most pages take
 * to decompress, and makes the engine collect garbage by its size.
 */
export class PageRoom {
  readonly #pageSize: number;
  #shared = new Uint8Array(0);
  #at = 0;

  constructor(pageSize: number) {
    this.#pageSize = pageSize;
  }

  /** Room for one page; the same until it is taken. What it holds is undefined. */
  next(): Uint8Array {
    if (this.#at === this.#shared.length) {
      this.#shared = new Uint8Array(SHARED_PAGES * this.#pageSize);
      this.#at = 0;
    }
    return this.#shared.subarray(this.#at, this.#at + this.#pageSize);
  }

  /** Takes the room that `next` gave, for good. */
  take(page: Uint8Array): Uint8Array {
    this.#at += this.#pageSize;
    return page;
  }
}
