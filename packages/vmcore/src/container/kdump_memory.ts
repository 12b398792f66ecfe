import type { Frame } from '../bytes/address.ts';
import { type ByteSource, copyOf } from '../bytes/byte_source.ts';
import { u32, u64 } from '../bytes/cursor.ts';
import { DumpError } from '../bytes/errors.ts';
import type { Codecs } from '../codecs/codec.ts';
import type { Absence, Stretch } from '../physical_memory.ts';
import { FrameBitmap } from './frame_bitmap.ts';
import { COMPRESSED, type KdumpHeader } from './kdump_header.ts';
import { PageRoom } from './page_room.ts';

/** `struct page_desc`: offset, size, flags and page flags of one page of the dump. */
const DESCRIPTOR_BYTES = 24;
const BLOCK_BYTES = 4080;
const MOST_BLOCKS = 256;
const EXCLUDE_ZERO = 1;
/** Frames that `stretch` looks at, at most. */
const MOST_STRETCH = 1 << 15;

/** The pages of one kdump file. Knows where each is; keeps none. */
export class KdumpPages {
  readonly header: KdumpHeader;
  readonly #source: ByteSource;
  readonly #codecs: Codecs;
  /** Frames that the machine had. */
  readonly #present: FrameBitmap;
  /** Frames that the dump holds. */
  readonly #dumped: FrameBitmap;
  readonly #descriptors: number;
  /** Dumped frames before the first that this file holds. */
  readonly #skipped: number;
  readonly #blocks = new Map<number, Uint8Array>();
  readonly #room: PageRoom;

  constructor(source: ByteSource, header: KdumpHeader, codecs: Codecs) {
    this.#source = source;
    this.header = header;
    this.#codecs = codecs;
    this.#room = new PageRoom(header.blockSize);
    const { bitmaps, frames, blockSize } = header;
    // Two bitmaps, each of whole blocks; the first diskdump writers had only one.
    const one = Math.ceil(frames / 8 / blockSize) * blockSize;
    const second = bitmaps.length >= one && bitmaps.length < 2 * one ? 0 : bitmaps.length / 2;
    const length = second === 0 ? bitmaps.length : second;
    this.#present = new FrameBitmap(source, bitmaps.offset, length, frames);
    this.#dumped = new FrameBitmap(source, bitmaps.offset + second, length, frames);
    this.#descriptors = bitmaps.offset + bitmaps.length;
    this.#skipped = header.split === undefined ? 0 : this.#dumped.rank(header.split.start);
  }

  /** Decompresses a page, into bytes of its own or into `target`, or says why there is none. */
  page(frame: Frame, target?: Uint8Array): Uint8Array | Absence {
    if (!this.#dumped.has(frame)) return this.#whyLeftOut(frame);
    const index = this.#dumped.rank(frame) - this.#skipped;
    const block = this.#descriptorBlock(Math.floor((index * DESCRIPTOR_BYTES) / BLOCK_BYTES));
    const at = (index * DESCRIPTOR_BYTES) % BLOCK_BYTES;
    if (at + DESCRIPTOR_BYTES > block.length) return 'cut-off';
    const size = u32(block, at + 8);
    if (u32(block, at + 4) >= 0x20_0000) return 'damaged';
    const offset = u64(block, at);
    // Where the writer ran out of space it left descriptors empty.
    if (offset === 0 && size === 0) return 'cut-off';
    if (size === 0 || size > 2 * this.header.blockSize) return 'damaged';
    if (offset + size > this.#source.size) return 'cut-off';
    return this.#decompress(this.#source.read(offset, size), u32(block, at + 12), target);
  }

  /** The first frame at or after `frame` that this file holds, or the end of its frames. */
  nextHeld(frame: Frame): Frame {
    const { split, frames } = this.header;
    const next = this.#dumped.next(Math.max(frame, split?.start ?? 0));
    return next < Math.min(this.#dumped.frames, split?.end ?? frames) ? next : frames;
  }

  /** See `PhysicalMemory.stretch`; ends at `limit`. */
  stretch(frame: Frame, limit: Frame): Stretch {
    const known = Math.max(this.#dumped.frames, this.#present.frames);
    if (frame >= known) return { end: Math.max(limit, frame + 1), state: 'hole' };
    const most = Math.min(limit, frame + MOST_STRETCH);
    const state = this.#stateOf(frame);
    let end = frame + 1;
    while (end < most && this.#stateOf(end) === state) end++;
    return { end, state };
  }

  /** Why this file of a set has no bytes for a frame that another one should hold. */
  elsewhere(frame: Frame): Uint8Array | Absence {
    return this.#dumped.has(frame) ? 'cut-off' : this.#whyLeftOut(frame);
  }

  #stateOf(frame: Frame): Stretch['state'] {
    if (this.#dumped.has(frame)) return 'held';
    if (!this.#present.has(frame)) return 'hole';
    return this.#onlyZerosLeftOut() ? 'held' : 'excluded';
  }

  #onlyZerosLeftOut(): boolean {
    return this.header.dumpLevel === EXCLUDE_ZERO && !this.header.isIncomplete;
  }

  #whyLeftOut(frame: Frame): Uint8Array | Absence {
    if (!this.#present.has(frame)) return 'hole';
    // With zero pages as all that was filtered, a page left out is known.
    return this.#onlyZerosLeftOut() ? new Uint8Array(this.header.blockSize) : 'excluded';
  }

  #decompress(data: Uint8Array, flags: number, target?: Uint8Array): Uint8Array | Absence {
    const { blockSize } = this.header;
    const name = compressionName(flags);
    if (name === undefined && data.length !== blockSize) return 'damaged';
    const page = target ?? this.#room.next();
    try {
      if (name === undefined) page.set(data);
      else if (this.#codecs[name](data, page) !== blockSize) return 'damaged';
    } catch (error) {
      if (error instanceof DumpError && error.code !== 'io') return 'damaged';
      throw error;
    }
    return target ?? this.#room.take(page);
  }

  #descriptorBlock(index: number): Uint8Array {
    let block = this.#blocks.get(index);
    if (block === undefined) {
      const start = this.#descriptors + index * BLOCK_BYTES;
      const length = Math.max(0, Math.min(BLOCK_BYTES, this.#source.size - start));
      block = length === 0 ? new Uint8Array(0) : copyOf(this.#source.read(start, length));
      if (this.#blocks.size >= MOST_BLOCKS) this.#blocks.clear();
      this.#blocks.set(index, block);
    }
    return block;
  }
}

/** The name of the compression that these bits stand for, in a descriptor's flags or a header's status. */
export function compressionName(bits: number): keyof Codecs | undefined {
  if ((bits & COMPRESSED.zlib) !== 0) return 'zlib';
  if ((bits & COMPRESSED.lzo) !== 0) return 'lzo';
  if ((bits & COMPRESSED.snappy) !== 0) return 'snappy';
  return (bits & COMPRESSED.zstd) !== 0 ? 'zstd' : undefined;
}
