import { DumpError } from '../bytes/errors.ts';
import { copyLiterals, copyMatch } from './copy.ts';

/**
 * LZO1X decompression, from the description of the stream (the kernel's `Documentation/staging/lzo.rst`):
 * instructions of a byte and its operands, each a copy of literals or of earlier output, most followed by up
 * to three literals. One function, with nothing but local variables: measured on the first 3,000 pages of a
 * process, where most code is not compiled yet, it is a third faster than the same in parts.
 */
export function decompressLzo(input: Uint8Array, output: Uint8Array): number {
  const end = input.length;
  const first = input[0] ?? 0;
  // Literals to copy before the next instruction.
  let literals = first > 17 ? first - 17 : 0;
  // How many there were, 4 for a long run: it says what a byte under 16 means.
  let state = Math.min(literals, 4);
  let at = literals > 0 ? 1 : 0;
  let done = 0;
  for (;;) {
    if (literals > 0) {
      if (at + literals > end || done + literals > output.length) throw beyond(input, at, literals, done);
      copyLiterals(input, at, output, done, literals);
      at += literals;
      done += literals;
    }
    if (at >= end) throw endsEarly(input);
    const code = input[at++] as number;
    let length: number;
    let distance: number;
    if (code >= 64) {
      length = (code >> 5) + 1;
      distance = ((code >> 2) & 7) + ((input[at++] as number) << 3) + 1;
      literals = code & 3;
    } else if (code >= 16) {
      const isFar = code < 32;
      const mask = isFar ? 7 : 31;
      length = (code & mask) + 2;
      if (length === 2) {
        const last = lastOfLength(input, at);
        length += mask + (last - at) * 255 + (input[last] as number);
        at = last + 1;
      }
      const low = input[at++] as number;
      distance = (low >> 2) + ((input[at++] as number) << 6) + (isFar ? (code & 8) << 11 : 1);
      literals = low & 3;
      if (isFar && distance === 0 && at <= end) return done;
      if (isFar) distance += 16384;
    } else if (state === 0) {
      literals = code + 3;
      if (code === 0) {
        const last = lastOfLength(input, at);
        literals = 18 + (last - at) * 255 + (input[last] as number);
        at = last + 1;
      }
      state = 4;
      continue;
    } else {
      length = state === 4 ? 3 : 2;
      distance = (code >> 2) + ((input[at++] as number) << 2) + (state === 4 ? 2049 : 1);
      literals = code & 3;
    }
    if (at > end) throw endsEarly(input);
    if (distance > done || done + length > output.length) throw outside(output, distance, length, done);
    copyMatch(output, done, distance, length);
    done += length;
    state = literals;
  }
}

/** A length that goes on: each zero byte adds 255, and the first other byte ends it. Where that one is. */
function lastOfLength(input: Uint8Array, from: number): number {
  let at = from;
  while (input[at] === 0) at += 1;
  if (at >= input.length) throw endsEarly(input);
  return at;
}

function endsEarly(input: Uint8Array): DumpError {
  return new DumpError('bad-format', `LZO data of ${input.length} bytes ends early`);
}

function beyond(input: Uint8Array, at: number, length: number, done: number): DumpError {
  return new DumpError(
    'bad-format',
    `LZO copies ${length} bytes from ${at} of ${input.length} to ${done} of its output`,
  );
}

function outside(output: Uint8Array, distance: number, length: number, done: number): DumpError {
  return new DumpError(
    'bad-format',
    `LZO copies ${length} bytes from ${distance} back to ${done} of ${output.length}`,
  );
}
