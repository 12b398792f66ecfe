import { DumpError } from '../bytes/errors.ts';
import { copyLiterals, copyMatch } from './copy.ts';

/**
 * LZO1X decompression, from the description of the stream (the kernel's `Documentation/staging/lzo.rst`):
 * instructions of a byte and its operands, each a copy of literals or of earlier output, most followed by up
 * to three literals.
 */
export function decompressLzo(input: Uint8Array, output: Uint8Array): number {
  const stream = new LzoStream(input, output);
  const first = input[0] ?? 0;
  // How many literals the last instruction copied, 4 for a long run: it says what a byte under 16 means.
  let state = 0;
  if (first > 17) {
    stream.at = 1;
    stream.copyLiterals(first - 17);
    state = Math.min(first - 17, 4);
  }
  for (;;) {
    const code = stream.byte();
    if (code < 16 && state === 0) {
      stream.copyLiterals(code === 0 ? stream.extended(15) + 3 : code + 3);
      state = 4;
      continue;
    }
    const trailing = runMatch(stream, code, state);
    if (trailing < 0) return stream.done;
    stream.copyLiterals(trailing);
    state = trailing;
  }
}

/** Runs one instruction that copies earlier output; returns its count of literals to follow, -1 at the end. */
function runMatch(stream: LzoStream, code: number, state: number): number {
  if (code >= 64) {
    const distance = ((code >> 2) & 7) + (stream.byte() << 3) + 1;
    stream.copyOutput(distance, (code >> 5) + 1);
    return code & 3;
  }
  if (code < 16) {
    const near = (code >> 2) + (stream.byte() << 2) + 1;
    if (state === 4) stream.copyOutput(near + 2048, 3);
    else stream.copyOutput(near, 2);
    return code & 3;
  }
  const isFar = code < 32;
  const mask = isFar ? 7 : 31;
  const length = (code & mask) === 0 ? stream.extended(mask) : code & mask;
  const low = stream.byte();
  const distance = (low >> 2) + (stream.byte() << 6) + (isFar ? (code & 8) << 11 : 1);
  if (isFar && distance === 0) return -1;
  stream.copyOutput(isFar ? distance + 16384 : distance, length + 2);
  return low & 3;
}

class LzoStream {
  at = 0;
  done = 0;
  readonly #input: Uint8Array;
  readonly #output: Uint8Array;

  constructor(input: Uint8Array, output: Uint8Array) {
    this.#input = input;
    this.#output = output;
  }

  byte(): number {
    const value = this.#input[this.at++];
    if (value === undefined)
      throw new DumpError('bad-format', `LZO data of ${this.#input.length} bytes ends early`);
    return value;
  }

  /** A length that goes on: each zero byte adds 255, the first other byte ends it. */
  extended(base: number): number {
    let length = base;
    for (;;) {
      const value = this.byte();
      if (value !== 0) return length + value;
      length += 255;
    }
  }

  copyLiterals(length: number): void {
    if (this.at + length > this.#input.length || this.done + length > this.#output.length) {
      throw new DumpError(
        'bad-format',
        `LZO copies ${length} bytes from ${this.at} of ${this.#input.length} to ${this.done} of ${this.#output.length}`,
      );
    }
    copyLiterals(this.#input, this.at, this.#output, this.done, length);
    this.at += length;
    this.done += length;
  }

  copyOutput(distance: number, length: number): void {
    const from = this.done - distance;
    if (from < 0 || this.done + length > this.#output.length) {
      throw new DumpError(
        'bad-format',
        `LZO copies ${length} bytes from ${distance} back to ${this.done} of ${this.#output.length}`,
      );
    }
    copyMatch(this.#output, this.done, distance, length);
    this.done += length;
  }
}
