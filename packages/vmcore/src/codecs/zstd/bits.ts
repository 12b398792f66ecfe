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
  readonly view: DataView;
  /** First byte of the stream. */
  start = 0;

  /** `view` needs `PADDING` bytes after whatever stream is opened in it. */
  constructor(view: DataView) {
    this.view = view;
  }

  /** Begins to read the stream in bytes `[start, end)`. */
  open(start: number, end: number): void {
    const last = end > start ? this.view.getUint8(end - 1) : 0;
    if (last === 0) throw zstdError('a bit stream without an end mark');
    this.start = start;
    this.left = (end - start) * 8 - (Math.clz32(last) - 23);
  }

  /** The next `count` bits, at most 25, without taking them. */
  peek(count: number): number {
    return bitsBefore(this.view, this.start, this.left, count);
  }

  /** Takes the next `count` bits, at most 25. */
  read(count: number): number {
    const value = this.peek(count);
    this.left -= count;
    return value;
  }
}

/**
 * The last `count` bits, at most 25, of those that are left of a stream: what `peek` gives, for loops that keep `left`
 * in a variable of their own, which takes a fifth less time.
 */
export function bitsBefore(view: DataView, start: number, left: number, count: number): number {
  const at = left - count;
  if (at < 0) return left <= 0 ? 0 : (view.getUint32(start, true) & ((1 << left) - 1)) << -at;
  return (view.getUint32(start + (at >>> 3), true) >>> (at & 7)) & ((1 << count) - 1);
}
