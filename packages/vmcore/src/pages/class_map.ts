import type { Frame } from '../bytes/address.ts';
import { PAGE_CLASSES } from './page_class.ts';
import type { FrameRange } from './page_plan.ts';

/** Frames of one piece of the map: 128 MB of memory, as a section of x86_64 has. */
const PIECE = 1 << 15;
/** Pieces that a map may have: 32 TB of memory in 8 GB of address space, more than a hostile dump can use. */
const MOST_PIECES = 1 << 18;

/** The class of each page frame, a byte each, in pieces that are there only where memory is. */
export class ClassMap {
  /** One past the highest frame of any piece. */
  limit: Frame = 0;
  readonly #pieces = new Map<number, Uint8Array>();
  #lastIndex = -1;
  #last: Uint8Array | undefined;

  /** Class of a frame; 0, which is `none`, where nothing was said of it. */
  get(frame: Frame): number {
    const index = Math.floor(frame / PIECE);
    if (index !== this.#lastIndex) {
      this.#lastIndex = index;
      this.#last = this.#pieces.get(index);
    }
    return this.#last === undefined ? 0 : (this.#last[frame - index * PIECE] as number);
  }

  /** Says what a frame is; false where the map has no piece for it. */
  set(frame: Frame, value: number): boolean {
    const index = Math.floor(frame / PIECE);
    if (index !== this.#lastIndex) {
      this.#lastIndex = index;
      this.#last = this.#pieces.get(index);
    }
    if (this.#last === undefined) return false;
    this.#last[frame - index * PIECE] = value;
    return true;
  }

  /** Says what the frames `[start, end)` are, as far as the map has pieces. */
  fill(start: Frame, end: Frame, value: number): void {
    for (let frame = start; frame < end; ) {
      const index = Math.floor(frame / PIECE);
      const base = index * PIECE;
      const stop = Math.min(end, base + PIECE);
      this.#pieces.get(index)?.fill(value, frame - base, stop - base);
      frame = stop;
    }
  }

  /** Makes room for the frames around `frame`. False where the map has too many pieces already. */
  cover(frame: Frame): boolean {
    const index = Math.floor(frame / PIECE);
    if (this.#pieces.has(index)) return true;
    if (this.#pieces.size >= MOST_PIECES) return false;
    this.#pieces.set(index, new Uint8Array(PIECE));
    this.#lastIndex = -1;
    this.limit = Math.max(this.limit, (index + 1) * PIECE);
    return true;
  }

  /** The same map with pieces of its own around `frames`, of which alone more may be said in it; all else it shares. */
  withOwn(frames: Iterable<Frame>): ClassMap {
    const own = new Set<number>();
    for (const frame of frames) own.add(Math.floor(frame / PIECE));
    const copy = new ClassMap();
    copy.limit = this.limit;
    for (const [index, piece] of this.#pieces)
      copy.#pieces.set(index, own.has(index) ? piece.slice() : piece);
    return copy;
  }

  /** Frames of each class, by its index. */
  counts(): number[] {
    const counts = new Float64Array(256);
    for (const piece of this.#pieces.values()) {
      for (let n = 0; n < PIECE; n++) (counts[piece[n] as number] as number)++;
    }
    return Array.from(counts.subarray(0, PAGE_CLASSES.length));
  }

  /** Runs of frames, ascending, of the classes whose entry in `wanted` is not 0. */
  *ranges(wanted: Uint8Array): Generator<FrameRange> {
    let start = -1;
    let end = -1;
    for (const index of [...this.#pieces.keys()].sort((a, b) => a - b)) {
      const piece = this.#pieces.get(index) as Uint8Array;
      const base = index * PIECE;
      for (let n = 0; n < PIECE; n++) {
        if (wanted[piece[n] as number] === 0) continue;
        if (base + n !== end) {
          if (start >= 0) yield { start, end };
          start = base + n;
        }
        end = base + n + 1;
      }
    }
    if (start >= 0) yield { start, end };
  }
}
