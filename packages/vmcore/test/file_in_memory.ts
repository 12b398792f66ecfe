import type { ByteSink } from '../src/bytes/byte_sink.ts';
import { DumpError } from '../src/bytes/errors.ts';

/** A file in memory that is written anywhere; with a limit, its disk is full there. */
export class FileInMemory implements ByteSink {
  readonly #limit: number;
  #bytes = new Uint8Array(4096);
  /** Length of the file. */
  size = 0;

  constructor(limit = Number.MAX_SAFE_INTEGER) {
    this.#limit = limit;
  }

  write(offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.length;
    if (end > this.#limit) throw new DumpError('no-room', `The disk ends at ${this.#limit}`);
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, offset);
    this.size = Math.max(this.size, end);
  }

  /** What the file holds. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.size);
  }
}

/** Runs a generator to its end; gives what it returns. */
export function runToEnd<T>(steps: Generator<unknown, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
