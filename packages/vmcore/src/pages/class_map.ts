import type { Frame } from '../bytes/address.ts';
import { ifSeen, numbersOr, roomOr, type TableLoops } from '../describe/table_loops.ts';
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
  readonly #loops: TableLoops | undefined;

  /** `loops` see the pieces, as far as they have room. */
  constructor(loops?: TableLoops) {
    this.#loops = loops;
  }

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

  /** The classes of `[start, start + count)` themselves, if they lie in one piece. */
  from(start: Frame, count: number): Uint8Array | undefined {
    const index = Math.floor(start / PIECE);
    const at = start - index * PIECE;
    return at + count > PIECE ? undefined : this.#pieces.get(index)?.subarray(at, at + count);
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

  /** The function that gives frames `[start, end)` a class, of those whose class is wanted. */
  replacing(wanted: Uint8Array, value: number): (range: FrameRange) => void {
    const next = this.#nextInPiece(wanted);
    return ({ start, end }) => {
      for (let frame = start; frame < end; ) {
        const index = Math.floor(frame / PIECE);
        const base = index * PIECE;
        const stop = Math.min(end - base, PIECE);
        const piece = this.#pieces.get(index);
        for (let from = frame - base; piece !== undefined && from < stop; ) {
          const first = next(piece, from, stop, false);
          from = next(piece, first, stop, true);
          piece.fill(value, first, from);
        }
        frame = base + stop;
      }
    };
  }

  /** Makes room for the frames around `frame`, and says for how many from it on; 0 where there are too many pieces already. */
  cover(frame: Frame): number {
    const index = Math.floor(frame / PIECE);
    const covered = (index + 1) * PIECE - frame;
    if (this.#pieces.has(index)) return covered;
    if (this.#pieces.size >= MOST_PIECES) return 0;
    this.#pieces.set(index, roomOr(this.#loops, PIECE));
    this.#lastIndex = -1;
    this.limit = Math.max(this.limit, (index + 1) * PIECE);
    return covered;
  }

  /** The same map with pieces of its own around `ranges`, of which alone more may be said in it; all else it shares. */
  withOwn(ranges: Iterable<FrameRange>): ClassMap {
    const own = new Set<number>();
    for (const { start, end } of ranges)
      for (let index = Math.floor(start / PIECE); index * PIECE < end; index++) own.add(index);
    const copy = new ClassMap(this.#loops);
    copy.limit = this.limit;
    for (const [index, piece] of this.#pieces)
      copy.#pieces.set(index, own.has(index) ? this.#copyOf(piece) : piece);
    return copy;
  }

  #copyOf(piece: Uint8Array): Uint8Array {
    const copy = roomOr(this.#loops, PIECE);
    copy.set(piece);
    return copy;
  }

  /** Frames of each class, by its index. */
  counts(): number[] {
    // 32 bits count the frames of 16 TB.
    const counts = numbersOr(this.#loops, 256);
    const words = new Uint32Array(counts.buffer, counts.byteOffset, counts.length);
    for (const piece of this.#pieces.values()) {
      const loops = ifSeen(this.#loops, piece, words);
      if (loops) loops.countClasses(piece, words);
      else for (let n = 0; n < PIECE; n++) (words[piece[n] as number] as number)++;
    }
    return Array.from(words.subarray(0, PAGE_CLASSES.length));
  }

  /** The function that tells the first of the frames `[start, end)` that is of a class wanted; `end` where none is. */
  nextOf(wanted: Uint8Array): (start: Frame, end: Frame) => Frame {
    const next = this.#nextInPiece(wanted);
    return (start, end) => {
      for (let frame = start; frame < end; ) {
        const index = Math.floor(frame / PIECE);
        const base = index * PIECE;
        const stop = Math.min(end - base, PIECE);
        const piece = this.#pieces.get(index);
        const found = piece === undefined ? stop : next(piece, frame - base, stop, false);
        if (found < stop) return base + found;
        frame = base + stop;
      }
      return end;
    };
  }

  /** The function from a place of a piece to the next whose class is wanted, or with `not` whose is not. */
  #nextInPiece(wanted: Uint8Array): (piece: Uint8Array, from: number, end: number, not: boolean) => number {
    const table = roomOr(this.#loops, 256);
    table.set(wanted);
    const loops = ifSeen(this.#loops, table);
    return (piece, from, end, not) => {
      if (loops?.sees(piece)) return loops.nextClass(piece, from, end, table, not);
      let at = from;
      while (at < end && (wanted[piece[at] as number] === 0) !== not) at++;
      return at;
    };
  }

  /** Runs of frames, ascending, of the classes whose entry in `wanted` is not 0. */
  *ranges(wanted: Uint8Array): Generator<FrameRange> {
    const next = this.#nextInPiece(wanted);
    let start = -1;
    let end = -1;
    for (const index of [...this.#pieces.keys()].sort((a, b) => a - b)) {
      const piece = this.#pieces.get(index) as Uint8Array;
      const base = index * PIECE;
      for (let n = next(piece, 0, PIECE, false); n < PIECE; n = next(piece, n, PIECE, false)) {
        if (base + n !== end) {
          if (start >= 0) yield { start, end };
          start = base + n;
        }
        n = next(piece, n, PIECE, true);
        end = base + n;
      }
    }
    if (start >= 0) yield { start, end };
  }
}
