import type { ByteSource } from '../bytes/byte_source.ts';
import { DumpError } from '../bytes/errors.ts';
import { ifSeen, roomOr, type TableLoops } from './table_loops.ts';

/** Bytes per page of the source; one read never crosses a page, since a dump may lack the next one. */
const PAGE_SIZE = 4096;
const PAGE_BITS = 12;

/** Where a table comes from. */
export interface TableSource extends ByteSource {
  /** `read` into `target`: the copy here is the only one to keep. */
  copyTo?(offset: number, target: Uint8Array): void;
}

/**
 * A flat copy of a table in the dump, filled page by page as it is touched. A table of megabytes (BTF, ORC,
 * kallsyms) costs only the pages that a look-up needs, and hot loops still run over one typed array.
 *
 * Call `need` before reading from `bytes` or `words`: what was not needed yet, or could not be had, means
 * nothing. `words` has the host's byte order, which is the dump's: both are little-endian.
 */
export class PagedBytes {
  /** Length of the table in bytes. */
  readonly size: number;
  /** The copy; valid where `need` has been called. */
  readonly bytes: Uint8Array;
  /** The same bytes as 32-bit words; the last `size % 4` bytes are in no word. */
  readonly words: Uint32Array;
  /** What the table is, for error messages: `BTF`, `kallsyms_names`. */
  readonly what: string;
  /** Where the table begins inside its first page. */
  readonly skew: number;
  /** 1 for each of its pages that is there. */
  readonly present: Uint8Array;
  /** Loops that see all of this, if the platform has them. */
  readonly loops: TableLoops | undefined;
  readonly #source: TableSource;
  #missing: number;

  /**
   * `skew` is where the table begins inside its first page, so that pages here are pages of the dump.
   */
  constructor(source: TableSource, what: string, skew = 0, loops?: TableLoops) {
    this.size = source.size;
    this.what = what;
    this.#source = source;
    this.skew = skew & (PAGE_SIZE - 1);
    const bytes = roomOr(loops, source.size);
    this.bytes = bytes;
    this.words = new Uint32Array(bytes.buffer, bytes.byteOffset, source.size >>> 2);
    this.#missing = Math.ceil((source.size + this.skew) / PAGE_SIZE);
    this.present = roomOr(loops, this.#missing);
    this.loops = ifSeen(loops, bytes, this.present);
  }

  /**
   * Makes bytes `[offset, offset + length)` valid. Throws `out-of-bounds` when the table ends before, and what
   * the source throws when the dump does not hold a page.
   */
  need(offset: number, length: number): void {
    if (!(offset >= 0 && length >= 0 && offset + length <= this.size)) {
      throw new DumpError(
        'out-of-bounds',
        `${this.what} has ${this.size} bytes, but [${offset}, ${offset + length}) was wanted`,
        { offset, length, size: this.size },
      );
    }
    if (this.#missing === 0 || length === 0) return;
    const last = (offset + length - 1 + this.skew) >>> PAGE_BITS;
    for (let page = (offset + this.skew) >>> PAGE_BITS; page <= last; page++) {
      if (this.present[page] === 0) this.#fill(page);
    }
  }

  /** How many pages have been read so far. */
  get pagesRead(): number {
    return this.present.length - this.#missing;
  }

  #fill(page: number): void {
    const start = Math.max(0, page * PAGE_SIZE - this.skew);
    const end = Math.min(this.size, (page + 1) * PAGE_SIZE - this.skew);
    if (this.#source.copyTo) this.#source.copyTo(start, this.bytes.subarray(start, end));
    else this.bytes.set(this.#source.read(start, end - start), start);
    this.present[page] = 1;
    this.#missing -= 1;
  }

  /** One unsigned 32-bit word at a byte offset of any alignment. */
  u32(offset: number): number {
    // Tables of words lie at whole words: those of pages that are there already need no more.
    if (((offset | this.skew) & 3) === 0 && this.present[(offset + this.skew) >>> PAGE_BITS] === 1) {
      const word = this.words[offset >>> 2];
      if (word !== undefined) return word;
    }
    this.need(offset, 4);
    const { bytes } = this;
    return (
      ((bytes[offset] as number) |
        ((bytes[offset + 1] as number) << 8) |
        ((bytes[offset + 2] as number) << 16) |
        ((bytes[offset + 3] as number) << 24)) >>>
      0
    );
  }

  /** One signed 32-bit word at a byte offset of any alignment. */
  i32(offset: number): number {
    return this.u32(offset) | 0;
  }

  /** One unsigned 16-bit word at a byte offset of any alignment. */
  u16(offset: number): number {
    this.need(offset, 2);
    return (this.bytes[offset] as number) | ((this.bytes[offset + 1] as number) << 8);
  }
}

/** A source over bytes that are all there; reads are views, not copies. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read(offset, length) {
      if (!(offset >= 0 && length >= 0 && offset + length <= bytes.length)) {
        throw new DumpError(
          'out-of-bounds',
          `Wanted [${offset}, ${offset + length}), but there are ${bytes.length} bytes`,
          { offset, length, size: bytes.length },
        );
      }
      return bytes.subarray(offset, offset + length);
    },
  };
}
