const PIECE = 4096;

/** Sizes of one tier's pages in the order they were written, as a batch tells them. Memory use: two bytes a page. */
export class SizeLog {
  /** Offset of the tier's first page. */
  offset = 0;
  readonly #pieces: Uint16Array[] = [];
  #count = 0;

  /** Adds the first `count` sizes of a batch that was written at `offset`, right after the one before. */
  add(offset: number, sizes: Uint16Array, count: number): void {
    if (this.#count === 0) this.offset = offset;
    for (let done = 0; done < count; ) {
      const at = this.#count % PIECE;
      if (at === 0) this.#pieces.push(new Uint16Array(PIECE));
      const part = Math.min(count - done, PIECE - at);
      this.#pieces.at(-1)?.set(sizes.subarray(done, done + part), at);
      this.#count += part;
      done += part;
    }
  }

  /** The size of the page that was written as number `index` of the tier. */
  at(index: number): number {
    return this.#pieces[Math.floor(index / PIECE)]?.[index % PIECE] ?? 0;
  }
}
