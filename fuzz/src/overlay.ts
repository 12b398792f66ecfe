import { type ByteSource, copyOf } from '@kcrash/vmcore/bytes/byte_source';
import { DumpError } from '@kcrash/vmcore/bytes/errors';

const BLOCK = 4096;

/** A file with changes over it: only changed blocks are copied, so that damage to a large dump costs nothing. */
export class Overlay implements ByteSource {
  readonly #base: ByteSource;
  readonly #blocks = new Map<number, Uint8Array>();
  #size: number;
  /** Bytes of the file below that still show. */
  #baseSize: number;

  constructor(base: ByteSource) {
    this.#base = base;
    this.#size = base.size;
    this.#baseSize = base.size;
  }

  get size(): number {
    return this.#size;
  }

  read(offset: number, length: number): Uint8Array {
    if (!(Number.isInteger(offset) && offset >= 0 && length >= 0 && offset + length <= this.#size)) {
      throw new DumpError(
        'out-of-bounds',
        `Wanted bytes [${offset}, ${offset + length}) of a file of ${this.#size}`,
      );
    }
    const first = Math.floor(offset / BLOCK);
    const last = Math.floor((offset + length - 1) / BLOCK);
    if (first === last && !this.#blocks.has(first) && offset + length <= this.#baseSize) {
      return this.#base.read(offset, length);
    }
    const bytes = this.#baseBytes(offset, length);
    for (let block = first; block <= last; block++) this.#show(block, bytes, offset);
    return bytes;
  }

  /** Writes bytes; past the end the file grows. */
  write(offset: number, bytes: Uint8Array): void {
    this.#size = Math.max(this.#size, offset + bytes.length);
    for (let done = 0; done < bytes.length; ) {
      const at = (offset + done) % BLOCK;
      const part = Math.min(BLOCK - at, bytes.length - done);
      this.#writable((offset + done - at) / BLOCK).set(bytes.subarray(done, done + part), at);
      done += part;
    }
  }

  /** Writes bytes at the end; returns where they are. */
  append(bytes: Uint8Array): number {
    const at = this.#size;
    this.write(at, bytes);
    return at;
  }

  /** Cuts the file off. */
  truncate(size: number): void {
    this.#size = Math.min(this.#size, size);
    this.#baseSize = Math.min(this.#baseSize, size);
    // What is written behind the end later has zeros before it.
    for (const [block, bytes] of this.#blocks) {
      if (block * BLOCK >= size) this.#blocks.delete(block);
      else bytes.fill(0, Math.max(0, size - block * BLOCK));
    }
  }

  /** Lays the changed bytes of a block over `bytes`, which start at `offset` of the file. */
  #show(block: number, bytes: Uint8Array, offset: number): void {
    const changed = this.#blocks.get(block);
    if (changed === undefined) return;
    const from = Math.max(offset, block * BLOCK);
    const to = Math.min(offset + bytes.length, (block + 1) * BLOCK);
    bytes.set(changed.subarray(from - block * BLOCK, to - block * BLOCK), from - offset);
  }

  #baseBytes(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    const held = Math.min(length, this.#baseSize - offset);
    if (held > 0) bytes.set(this.#base.read(offset, held));
    return bytes;
  }

  #writable(block: number): Uint8Array {
    let bytes = this.#blocks.get(block);
    if (bytes === undefined) {
      bytes = copyOf(this.#baseBytes(block * BLOCK, BLOCK));
      this.#blocks.set(block, bytes);
    }
    return bytes;
  }
}
