import { DumpError } from '../../bytes/errors.ts';

/** The error for Zstandard data that cannot be. */
export function zstdError(what: string): DumpError {
  return new DumpError('bad-format', `Zstandard data: ${what}`);
}

/** Bytes that `BackwardBits` may look at past the end of what it was given. */
export const PADDING = 8;

/**
 * A bit stream that is read from its last bit to its first (RFC 8878, 4.1 and 4.2): the highest set bit of the
 * last byte marks the end. Bits before the stream's start read as zero, and `left` is then below zero.
 */
export class BackwardBits {
  /** Bits not read yet; below zero when more were read than there are. */
  left = 0;
  readonly #view: DataView;
  #start = 0;

  /** `view` needs `PADDING` bytes after whatever stream is opened in it. */
  constructor(view: DataView) {
    this.#view = view;
  }

  /** Begins to read the stream in bytes `[start, end)`. */
  open(start: number, end: number): void {
    const last = end > start ? this.#view.getUint8(end - 1) : 0;
    if (last === 0) throw zstdError('a bit stream without an end mark');
    this.#start = start;
    this.left = (end - start) * 8 - (Math.clz32(last) - 23);
  }

  /** The next `count` bits, at most 25, without taking them. */
  peek(count: number): number {
    const at = this.left - count;
    if (at < 0) {
      return this.left <= 0 ? 0 : (this.#view.getUint32(this.#start, true) & ((1 << this.left) - 1)) << -at;
    }
    return (this.#view.getUint32(this.#start + (at >>> 3), true) >>> (at & 7)) & ((1 << count) - 1);
  }

  /** Takes the next `count` bits, at most 25. */
  read(count: number): number {
    const value = this.peek(count);
    this.left -= count;
    return value;
  }

  /** Takes the next `count` bits, at most 31. */
  readLong(count: number): number {
    if (count <= 25) return this.read(count);
    const high = this.read(count - 16);
    return high * 65536 + this.read(16);
  }
}
