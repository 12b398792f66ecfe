import type { ByteSource } from '../src/bytes/byte_source.ts';
import { DumpError } from '../src/bytes/errors.ts';

/** A file in memory. Lends a buffer (a Buffer, even) that the next read overwrites, as the interface allows. */
export class MemorySource implements ByteSource {
  readonly size: number;
  reads = 0;
  bytesRead = 0;
  readonly #bytes: Uint8Array;
  #lent: Uint8Array = new Uint8Array(0);

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.size = bytes.length;
  }

  read(offset: number, length: number): Uint8Array {
    if (!(Number.isInteger(offset) && offset >= 0 && length >= 0 && offset + length <= this.size)) {
      throw new DumpError('out-of-bounds', `Wanted [${offset}, ${offset + length}) of ${this.size} bytes`);
    }
    this.#lent.fill(0xee);
    this.reads++;
    this.bytesRead += length;
    this.#lent = Buffer.from(this.#bytes.subarray(offset, offset + length));
    return this.#lent;
  }
}
