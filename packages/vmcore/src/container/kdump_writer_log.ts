import type { Frame } from '../bytes/address.ts';

const PIECE = 4096;
const LEAST_RUNS = 64;

/**
 * What was written of one tier, in that order: sizes of pages, as a batch tells them, and runs of frames that follow one
 * another. Memory use: two bytes a page, and sixteen a run.
 */
export class PageLog {
  /** Offset of the tier's first page. */
  offset = 0;
  /** How many runs there are. */
  runs = 0;
  readonly #pieces: Uint16Array[] = [];
  #count = 0;
  /** How many frames its runs have. */
  #framed = 0;
  /** First frame and length of each run. */
  #frames = new Float64Array(2 * LEAST_RUNS);

  /** Adds the first `count` sizes of a batch that was written at `offset`, right after the one before. */
  addSizes(offset: number, sizes: Uint16Array, count: number): void {
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

  /** Adds the frames of pages that are to be written next. */
  addRun(start: Frame, length: number): void {
    const at = 2 * this.runs;
    this.#framed += length;
    if (at > 0 && (this.#frames[at - 2] as number) + (this.#frames[at - 1] as number) === start) {
      this.#frames[at - 1] = (this.#frames[at - 1] as number) + length;
      return;
    }
    this.runs++;
    if (at === this.#frames.length) {
      const grown = new Float64Array(2 * at);
      grown.set(this.#frames);
      this.#frames = grown;
    }
    this.#frames[at] = start;
    this.#frames[at + 1] = length;
  }

  /** Takes back the frames of pages whose sizes were not added, since there was no room for them. */
  cut(): void {
    while (this.#framed > this.#count) {
      const at = 2 * this.runs - 1;
      const length = this.#frames[at] as number;
      const surplus = Math.min(length, this.#framed - this.#count);
      this.#frames[at] = length - surplus;
      this.#framed -= surplus;
      if (surplus === length) this.runs--;
    }
  }

  /** First frame of a run, by its number. */
  startOf(run: number): Frame {
    return this.#frames[2 * run] as Frame;
  }

  /** How many frames a run has. */
  lengthOf(run: number): number {
    return this.#frames[2 * run + 1] as number;
  }

  /** Sizes of pages from number `index` of the tier on: one at least, `most` at most. */
  sizesFrom(index: number, most: number): Uint16Array {
    const from = index % PIECE;
    const piece = this.#pieces[Math.floor(index / PIECE)] as Uint16Array;
    return piece.subarray(from, Math.min(PIECE, from + most));
  }
}
