import type { Frame } from '../bytes/address.ts';

/**
 * The pages read last, at most `capacity` of them. A page given out stays valid after it has left the cache:
 * its bytes are never reused.
 */
export class PageCache {
  readonly capacity: number;
  // Two generations in place of a list in order of use: a page found in the old one moves to the new one, and
  // a full new one becomes the old one. One map access per hit, and each page survives at least half a
  // capacity of other pages.
  #young = new Map<Frame, Uint8Array>();
  #old = new Map<Frame, Uint8Array>();
  #lastFrame = -1;
  #lastPage: Uint8Array | undefined;

  constructor(capacity: number) {
    this.capacity = Math.max(2, capacity);
  }

  /** The page, if it is among those kept. */
  get(frame: Frame): Uint8Array | undefined {
    if (frame === this.#lastFrame) return this.#lastPage;
    let page = this.#young.get(frame);
    if (page === undefined) {
      page = this.#old.get(frame);
      if (page === undefined) return undefined;
      this.#keep(frame, page);
    }
    this.#lastFrame = frame;
    this.#lastPage = page;
    return page;
  }

  /** Keeps `page`, which nobody may change any more. */
  put(frame: Frame, page: Uint8Array): void {
    this.#keep(frame, page);
    this.#lastFrame = frame;
    this.#lastPage = page;
  }

  #keep(frame: Frame, page: Uint8Array): void {
    if (this.#young.size >= this.capacity / 2) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(frame, page);
  }
}
