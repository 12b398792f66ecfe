import type { ByteSource } from '@kcrash/vmcore/bytes/byte_source';
import { DumpError } from '@kcrash/vmcore/bytes/errors';

/** Reads bytes `[offset, offset + length)` at once; the range lies in the file. Throws `io`. */
export type ReadRange = (offset: number, length: number) => Uint8Array;

/**
 * A browser takes about 1 ms for a read and 5 to 10 ms for a MiB of it. A report on 300 tasks of a whole core of 1 GB
 * reads 83 such blocks, which takes three quarters of the time of the 255 blocks of 256 KiB that it would read.
 */
const BLOCK_BYTES = 1024 * 1024;
const MOST_BLOCKS = 96;

/** A file in blocks, of which those used last are kept. */
export class BlockSource implements ByteSource {
  readonly size: number;
  readonly #name: string;
  readonly #readRange: ReadRange;
  /** In the order of use, the latest last. */
  readonly #blocks = new Map<number, Uint8Array>();

  constructor(name: string, size: number, readRange: ReadRange) {
    this.#name = name;
    this.size = size;
    this.#readRange = readRange;
  }

  /** The bytes are lent, and never overwritten. */
  read(offset: number, length: number): Uint8Array {
    if (!(offset >= 0 && length >= 0 && offset + length <= this.size)) {
      throw new DumpError(
        'out-of-bounds',
        `Wanted bytes [0x${offset.toString(16)}, 0x${(offset + length).toString(16)}) of ${this.#name}, which ends at 0x${this.size.toString(16)}`,
        { offset, length, size: this.size },
      );
    }
    const at = offset % BLOCK_BYTES;
    const first = (offset - at) / BLOCK_BYTES;
    if (at + length <= BLOCK_BYTES) {
      return length === 0 ? new Uint8Array(0) : this.#block(first).subarray(at, at + length);
    }
    if (length > MOST_BLOCKS * BLOCK_BYTES) return this.#readRange(offset, length);
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const from = (offset + done) % BLOCK_BYTES;
      const part = Math.min(BLOCK_BYTES - from, length - done);
      bytes.set(this.#block((offset + done - from) / BLOCK_BYTES).subarray(from, from + part), done);
      done += part;
    }
    return bytes;
  }

  #block(number: number): Uint8Array {
    let block = this.#blocks.get(number);
    if (block === undefined) {
      const start = number * BLOCK_BYTES;
      block = this.#readRange(start, Math.min(BLOCK_BYTES, this.size - start));
      if (this.#blocks.size >= MOST_BLOCKS) this.#blocks.delete(this.#blocks.keys().next().value as number);
    } else {
      this.#blocks.delete(number);
    }
    this.#blocks.set(number, block);
    return block;
  }
}
