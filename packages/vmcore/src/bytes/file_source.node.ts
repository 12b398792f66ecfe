import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { ByteSource } from './byte_source.ts';
import { DumpError } from './errors.ts';

/** A file under Node. */
export class FileSource implements ByteSource {
  readonly size: number;
  readonly #path: string;
  readonly #fd: number;

  /** Opens the file for reading; throws `io` where that fails. */
  constructor(path: string) {
    this.#path = path;
    try {
      this.#fd = openSync(path, 'r');
      this.size = fstatSync(this.#fd).size;
    } catch (error) {
      throw new DumpError('io', `Cannot open ${path}: ${error instanceof Error ? error.message : error}`, {
        path,
      });
    }
  }

  /** Each call gives bytes of its own. */
  read(offset: number, length: number): Uint8Array {
    if (!(offset >= 0 && length >= 0 && offset + length <= this.size)) {
      throw new DumpError(
        'out-of-bounds',
        `Wanted bytes [0x${offset.toString(16)}, 0x${(offset + length).toString(16)}) of ${this.#path}, which ends at 0x${this.size.toString(16)}`,
        { offset, length, size: this.size },
      );
    }
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const got = this.#readSome(bytes, done, offset + done);
      if (got === 0) {
        throw new DumpError(
          'io',
          `${this.#path} ended at 0x${(offset + done).toString(16)} while it was read`,
        );
      }
      done += got;
    }
    return bytes;
  }

  /** Closes the file; reads fail afterwards. */
  close(): void {
    closeSync(this.#fd);
  }

  #readSome(bytes: Uint8Array, done: number, position: number): number {
    try {
      return readSync(this.#fd, bytes, done, bytes.length - done, position);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new DumpError('io', `Cannot read ${this.#path} at 0x${position.toString(16)}: ${reason}`, {
        position,
      });
    }
  }
}
