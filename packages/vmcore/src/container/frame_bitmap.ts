import type { Frame } from '../bytes/address.ts';
import { type ByteSource, copyOf } from '../bytes/byte_source.ts';

const BLOCK_BYTES = 4096;
const BLOCK_FRAMES = BLOCK_BYTES * 8;
const GROUP_BYTES = 64;
const GROUPS = BLOCK_BYTES / GROUP_BYTES;
const MOST_BLOCKS = 512;

interface Block {
  readonly bytes: Uint8Array;
  /** Set bits of the block before each group of 64 bytes. */
  readonly ranks: Uint16Array;
  /** Set bits of the whole block. */
  readonly bits: number;
}

/**
 * One bit per page frame, lowest bit first, in a dump file; and how many bits are set before a frame, which is
 * where the frame's descriptor stands. An index of two levels: set bits before each 4 KB block of the bitmap,
 * counted as far as anybody asked, and before each 64 bytes of the blocks read last. Memory use: 4 bytes for
 * each 128 MB of the crashed machine, and at most 2 MB of blocks.
 */
export class FrameBitmap {
  /** One past the highest frame. */
  readonly frames: Frame;
  readonly #source: ByteSource;
  readonly #offset: number;
  readonly #bytes: number;
  readonly #before: Float64Array;
  #counted = 0;
  readonly #blocks = new Map<number, Block>();
  #lastIndex = -1;
  #lastBlock: Block | undefined;

  /** The bitmap in `bytes` bytes at `offset`; what lies after the end of the file counts as clear. */
  constructor(source: ByteSource, offset: number, bytes: number, frames: Frame) {
    this.#source = source;
    this.#offset = offset;
    this.#bytes = Math.max(0, Math.min(bytes, source.size - offset));
    this.frames = Math.min(frames, this.#bytes * 8);
    this.#before = new Float64Array(Math.ceil(this.#bytes / BLOCK_BYTES) + 1);
  }

  /** Whether the frame's bit is set; false outside of the bitmap. */
  has(frame: Frame): boolean {
    if (!(frame >= 0 && frame < this.frames)) return false;
    const index = Math.floor(frame / BLOCK_FRAMES);
    const bit = frame - index * BLOCK_FRAMES;
    return (((this.#block(index).bytes[bit >> 3] as number) >> (bit & 7)) & 1) === 1;
  }

  /** The first set bit at or after `frame`, or `frames` where there is none. */
  next(frame: Frame): Frame {
    let at = Math.max(0, frame);
    while (at < this.frames) {
      const index = Math.floor(at / BLOCK_FRAMES);
      const { bytes, bits } = this.#block(index);
      const from = at - index * BLOCK_FRAMES;
      if (bits > 0) {
        for (let bit = from; bit < BLOCK_FRAMES; ) {
          const rest = (bytes[bit >> 3] as number) >> (bit & 7);
          if (rest === 0) bit = (bit | 7) + 1;
          else if ((rest & 1) === 0) bit++;
          else return Math.min(index * BLOCK_FRAMES + bit, this.frames);
        }
      }
      at = (index + 1) * BLOCK_FRAMES;
    }
    return this.frames;
  }

  /** How many bits are set in `[0, frame)`. */
  rank(frame: Frame): number {
    const limited = Math.max(0, Math.min(frame, this.frames));
    const index = Math.floor(limited / BLOCK_FRAMES);
    if (index >= this.#before.length - 1) return this.#countBefore(index);
    const bit = limited - index * BLOCK_FRAMES;
    const block = this.#block(index);
    const group = bit >> 9;
    let count = this.#countBefore(index) + (block.ranks[group] as number);
    for (let at = group * GROUP_BYTES; at < bit >> 3; at++)
      count += BITS[block.bytes[at] as number] as number;
    return count + (BITS[(block.bytes[bit >> 3] as number) & ((1 << (bit & 7)) - 1)] as number);
  }

  #countBefore(index: number): number {
    while (this.#counted < index) {
      const bytes = this.#readBlock(this.#counted);
      this.#before[this.#counted + 1] =
        (this.#before[this.#counted] as number) + countBits(bytes, 0, bytes.length);
      this.#counted++;
    }
    return this.#before[index] as number;
  }

  #block(index: number): Block {
    if (index === this.#lastIndex && this.#lastBlock !== undefined) return this.#lastBlock;
    let block = this.#blocks.get(index);
    if (block === undefined) {
      block = withRanks(copyOf(this.#readBlock(index)));
      if (this.#blocks.size >= MOST_BLOCKS) this.#blocks.clear();
      this.#blocks.set(index, block);
    }
    this.#lastIndex = index;
    this.#lastBlock = block;
    return block;
  }

  #readBlock(index: number): Uint8Array {
    const start = index * BLOCK_BYTES;
    return this.#source.read(this.#offset + start, Math.min(BLOCK_BYTES, this.#bytes - start));
  }
}

function withRanks(read: Uint8Array): Block {
  const bytes = new Uint8Array(BLOCK_BYTES);
  bytes.set(read);
  const ranks = new Uint16Array(GROUPS);
  let count = 0;
  for (let group = 0; group < GROUPS; group++) {
    ranks[group] = count;
    count += countBits(bytes, group * GROUP_BYTES, GROUP_BYTES);
  }
  return { bytes, ranks, bits: count };
}

/** Set bits of each byte. */
const BITS = new Uint8Array(256);
for (let byte = 1; byte < 256; byte++) BITS[byte] = (BITS[byte >> 1] as number) + (byte & 1);

function countBits(bytes: Uint8Array, start: number, length: number): number {
  let count = 0;
  for (let at = start; at < start + length; at++) count += BITS[bytes[at] as number] as number;
  return count;
}
