import type { Decompress } from '../codec.ts';
import { BackwardBits, PADDING, zstdError } from './bits.ts';
import { decodeLiterals, HuffmanTable } from './huffman.ts';
import {
  readMode,
  runSequences,
  type SequenceCode,
  type SequenceTarget,
  sequenceCodes,
} from './sequences.ts';

/**
 * Zstandard decompression (RFC 8878) for pages: small frames, one after the other, with tables that are kept
 * from one to the next. Dictionaries are not read, checksums are not checked.
 */

const MAGIC = 0xfd2f_b528;
const MOST_BLOCK = 128 << 10;

/** Makes a decompressor of single frames, with tables of its own (about 200 KB). */
export function zstdDecompressor(): Decompress {
  const decoder = new Decoder();
  return (input, output) => decoder.decompress(input, output);
}

class Decoder {
  #input = new Uint8Array(8192 + PADDING);
  #view = new DataView(this.#input.buffer);
  #stream = new BackwardBits(this.#view);
  readonly #huffman = new HuffmanTable();
  readonly #codes: readonly [SequenceCode, SequenceCode, SequenceCode] = sequenceCodes();
  readonly #literals = new Uint8Array(MOST_BLOCK);
  readonly #repeats = new Uint32Array(3);
  #literalCount = 0;

  decompress(input: Uint8Array, output: Uint8Array): number {
    this.#take(input);
    this.#repeats.set([1, 4, 8]);
    this.#huffman.bits = 0;
    for (const code of this.#codes) code.current = undefined;
    let at = this.#frameHeader(input.length);
    let done = 0;
    for (let isLast = false; !isLast; ) {
      if (at + 3 > input.length) throw zstdError(`${input.length} bytes that end before their last block`);
      const header = this.#view.getUint32(at, true) & 0xff_ffff;
      isLast = (header & 1) === 1;
      const type = (header >> 1) & 3;
      const size = header >> 3;
      at += 3;
      const stored = type === 1 ? 1 : size;
      if (at + stored > input.length || size > MOST_BLOCK)
        throw zstdError(`a block of ${size} bytes at ${at} of ${input.length}`);
      if (type < 2 && done + size > output.length)
        throw zstdError(`more than the ${output.length} bytes there is room for`);
      if (type === 0) output.set(this.#input.subarray(at, at + size), done);
      else if (type === 1) output.fill(this.#input[at] as number, done, done + size);
      else if (type === 2) done = this.#block(at, at + size, output, done);
      else throw zstdError('a block of a reserved type');
      if (type < 2) done += size;
      at += stored;
    }
    return done;
  }

  /** Copies the input to where whole words can be read past its end. */
  #take(input: Uint8Array): void {
    if (input.length + PADDING > this.#input.length) {
      this.#input = new Uint8Array(input.length + PADDING);
      this.#view = new DataView(this.#input.buffer);
      this.#stream = new BackwardBits(this.#view);
    }
    this.#input.set(input);
    this.#input.fill(0, input.length, input.length + PADDING);
  }

  #frameHeader(length: number): number {
    if (length < 6 || this.#view.getUint32(0, true) !== MAGIC)
      throw zstdError(`${length} bytes that are no frame`);
    const descriptor = this.#view.getUint8(4);
    const isSingle = (descriptor & 0x20) !== 0;
    if ((descriptor & 3) !== 0) throw zstdError('a frame with a dictionary');
    const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
    return 5 + (isSingle ? 0 : 1) + sizeBytes;
  }

  /** Decodes a compressed block in `[at, end)`; returns where the output ends. */
  #block(at: number, end: number, output: Uint8Array, done: number): number {
    let next = this.#readLiterals(at, end);
    if (next >= end) throw zstdError('a block without sequences');
    let count = this.#view.getUint8(next++);
    if (count >= 128) {
      const low = this.#view.getUint8(next++);
      count = count < 255 ? ((count - 128) << 8) + low : low + (this.#view.getUint8(next++) << 8) + 0x7f00;
    }
    if (next > end) throw zstdError('a block that ends before its number of sequences does');
    const target: SequenceTarget = {
      output,
      done,
      literals: this.#literals,
      literalCount: this.#literalCount,
      repeats: this.#repeats,
    };
    if (count === 0) {
      if (done + this.#literalCount > output.length)
        throw zstdError(`more than the ${output.length} bytes there is room for`);
      output.set(this.#literals.subarray(0, this.#literalCount), done);
      return done + this.#literalCount;
    }
    const modes = next < end ? this.#view.getUint8(next++) : 0;
    this.#codes.forEach((code, n) => {
      next = readMode(code, (modes >> (6 - 2 * n)) & 3, this.#view, next, end);
    });
    if (next > end) throw zstdError('sequences that end after their block');
    this.#stream.open(next, end);
    runSequences(this.#codes, this.#stream, count, target);
    return target.done;
  }

  /** Fills the literals from their section at `at`; returns where it ends. */
  #readLiterals(at: number, end: number): number {
    if (at + 5 > this.#input.length) throw zstdError('a block without literals');
    const type = this.#view.getUint8(at) & 3;
    const format = (this.#view.getUint8(at) >> 2) & 3;
    return type < 2 ? this.#plainLiterals(at, end, type, format) : this.#codedLiterals(at, end, type, format);
  }

  #plainLiterals(at: number, end: number, type: number, format: number): number {
    const word = this.#view.getUint32(at, true);
    const headerBytes = [1, 2, 1, 3][format] as number;
    const count = format % 2 === 0 ? (word & 0xff) >> 3 : (word & (format === 1 ? 0xffff : 0xff_ffff)) >> 4;
    const start = at + headerBytes;
    const stored = type === 0 ? count : 1;
    if (count > MOST_BLOCK || start + stored > end)
      throw zstdError(`${count} literals that end after their block`);
    if (type === 0) this.#literals.set(this.#input.subarray(start, start + count));
    else this.#literals.fill(this.#input[start] as number, 0, count);
    this.#literalCount = count;
    return start + stored;
  }

  #codedLiterals(at: number, end: number, type: number, format: number): number {
    const bits = [10, 10, 14, 18][format] as number;
    const headerBytes = [3, 3, 4, 5][format] as number;
    // Two counts of 10, 14 or 18 bits after the first four bits.
    const low = this.#view.getUint32(at, true) / 16 + this.#view.getUint8(at + 4) * 2 ** 28;
    const count = Math.floor(low) % 2 ** bits;
    const size = Math.floor(low / 2 ** bits) % 2 ** bits;
    let start = at + headerBytes;
    const next = start + size;
    if (count > MOST_BLOCK || next > end)
      throw zstdError(`${count} literals in ${size} bytes that end after their block`);
    if (type === 2) start = this.#huffman.read(this.#view, this.#stream, start, next);
    else if (this.#huffman.bits === 0)
      throw zstdError('a block that repeats a Huffman code, and none came before');
    this.#literalCount = count;
    if (format === 0) this.#literalStream(start, next, 0, count);
    else this.#fourStreams(start, next, count);
    return next;
  }

  #fourStreams(start: number, end: number, count: number): void {
    const part = (count + 3) >> 2;
    if (start + 6 > end || 3 * part > count) throw zstdError(`${count} literals in four streams`);
    let from = start + 6;
    for (let n = 0; n < 4; n++) {
      const to = n < 3 ? from + this.#view.getUint16(start + 2 * n, true) : end;
      if (to > end) throw zstdError('a stream of literals that ends after its block');
      this.#literalStream(from, to, n * part, n < 3 ? (n + 1) * part : count);
      from = to;
    }
  }

  #literalStream(from: number, to: number, at: number, end: number): void {
    this.#stream.open(from, to);
    decodeLiterals(this.#huffman, this.#stream, this.#literals, at, end);
  }
}
