import { DumpError } from '../bytes/errors.ts';
import type { Decompress } from './codec.ts';
import { copyMatch } from './copy.ts';
import { decodeSlowly, PrefixCode } from './prefix_code.ts';

/**
 * zlib decompression (RFC 1950 and 1951) for pages: small streams, one after the other, with tables that are
 * kept from one to the next.
 */

const PADDING = 8;
const END_OF_BLOCK = 256;

/** Lengths from code 257 on, and distances: the smallest value of each code, and how many bits add to it. */
const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const LENGTH_BASE = bases(3, LENGTH_BITS);
LENGTH_BASE[28] = 258;
const DISTANCE_BITS = Array.from({ length: 30 }, (_, code) => Math.max(0, (code >> 1) - 1));
const DISTANCE_BASE = bases(1, DISTANCE_BITS);
/** The order in which the lengths of the code for code lengths are given. */
const LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

function bases(first: number, bits: readonly number[]): number[] {
  let next = first;
  return bits.map((count) => {
    const base = next;
    next += 2 ** count;
    return base;
  });
}

/** Makes a decompressor of zlib streams, with tables of its own (about 30 KB). */
export function zlibDecompressor(): Decompress {
  const decoder = new Inflate();
  return (input, output) => decoder.decompress(input, output);
}

function inflateError(what: string): DumpError {
  return new DumpError('bad-format', `zlib data: ${what}`);
}

class Inflate {
  #input = new Uint8Array(8192 + PADDING);
  #view = new DataView(this.#input.buffer);
  #end = 0;
  /** The next bit of the input. */
  #bit = 0;
  readonly #lengths = new Uint8Array(320);
  readonly #literalCode = new PrefixCode(10, 288);
  readonly #distanceCode = new PrefixCode(8, 32);
  readonly #lengthCode = new PrefixCode(7, 19);

  decompress(input: Uint8Array, output: Uint8Array): number {
    this.#take(input);
    const header = this.#bits(16);
    const checksum = ((header & 0xff) << 8) | (header >> 8);
    if ((header & 0xf) !== 8 || checksum % 31 !== 0 || (header & 0x2000) !== 0)
      throw inflateError('no zlib header');
    let done = 0;
    for (let isLast = false; !isLast; ) {
      isLast = this.#bits(1) === 1;
      const type = this.#bits(2);
      if (type === 0) done = this.#stored(output, done);
      else {
        if (type === 3) throw inflateError('a block of a reserved type');
        if (type === 1) this.#fixedCodes();
        else this.#readCodes();
        done = this.#block(output, done);
      }
    }
    this.#bit = (this.#bit + 7) & ~7;
    const sum = ((this.#bits(8) << 24) | (this.#bits(8) << 16) | (this.#bits(8) << 8) | this.#bits(8)) >>> 0;
    if (sum !== adler32(output, done)) throw inflateError(`a checksum that ${done} bytes do not have`);
    return done;
  }

  /** Copies the input to where whole words can be read past its end. */
  #take(input: Uint8Array): void {
    if (input.length + PADDING > this.#input.length) {
      this.#input = new Uint8Array(input.length + PADDING);
      this.#view = new DataView(this.#input.buffer);
    }
    this.#input.set(input);
    this.#input.fill(0, input.length, input.length + PADDING);
    this.#end = input.length * 8;
    this.#bit = 0;
  }

  /** Takes the next `count` bits, at most 16. */
  #bits(count: number): number {
    const bit = this.#bit;
    if (bit + count > this.#end) throw inflateError('the end came too early');
    this.#bit = bit + count;
    return (this.#view.getUint32(bit >>> 3, true) >>> (bit & 7)) & ((1 << count) - 1);
  }

  /** Takes the next symbol of a code. */
  #symbol(code: PrefixCode): number {
    if (this.#bit > this.#end) throw inflateError('the end came too early');
    const window = this.#view.getUint32(this.#bit >>> 3, true) >>> (this.#bit & 7);
    const entry = (code.table[window & code.mask] as number) || decodeSlowly(code, window);
    if (entry === 0) throw inflateError('a code that no symbol has');
    this.#bit += entry & 15;
    return entry >> 4;
  }

  #stored(output: Uint8Array, done: number): number {
    this.#bit = (this.#bit + 7) & ~7;
    const length = this.#bits(16);
    if ((this.#bits(16) ^ 0xffff) !== length) throw inflateError('a stored block whose two lengths differ');
    const at = this.#bit / 8;
    if (this.#bit + length * 8 > this.#end || done + length > output.length) {
      throw inflateError(`a stored block of ${length} bytes, with room for ${output.length - done}`);
    }
    output.set(this.#input.subarray(at, at + length), done);
    this.#bit += length * 8;
    return done + length;
  }

  #fixedCodes(): void {
    const lengths = this.#lengths;
    lengths.fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280, 288).fill(5, 288, 320);
    this.#literalCode.build(lengths, 0, 288);
    this.#distanceCode.build(lengths, 288, 320);
  }

  #readCodes(): void {
    const lengths = this.#lengths;
    const literals = this.#bits(5) + 257;
    const distances = this.#bits(5) + 1;
    const given = this.#bits(4) + 4;
    if (literals > 286 || distances > 30) throw inflateError(`codes of ${literals} and ${distances} symbols`);
    lengths.fill(0);
    for (let n = 0; n < given; n++) lengths[LENGTH_ORDER[n] as number] = this.#bits(3);
    if (!this.#lengthCode.build(lengths, 0, 19)) throw inflateError('a code for lengths that cannot be');
    const count = literals + distances;
    for (let n = 0; n < count; ) {
      const symbol = this.#symbol(this.#lengthCode);
      if (symbol < 16) {
        lengths[n++] = symbol;
        continue;
      }
      if (symbol === 16 && n === 0) throw inflateError('a repeat of a length before the first');
      const value = symbol === 16 ? (lengths[n - 1] as number) : 0;
      const times =
        symbol === 16 ? 3 + this.#bits(2) : symbol === 17 ? 3 + this.#bits(3) : 11 + this.#bits(7);
      if (n + times > count) throw inflateError('more code lengths than there are symbols');
      lengths.fill(value, n, n + times);
      n += times;
    }
    const isLiteralCode = this.#literalCode.build(lengths, 0, literals);
    const isDistanceCode = this.#distanceCode.build(lengths, literals, count);
    if (!isLiteralCode || !isDistanceCode || lengths[END_OF_BLOCK] === 0)
      throw inflateError('codes that cannot be');
  }

  /** Decodes literals and copies up to the block's end. */
  #block(output: Uint8Array, start: number): number {
    const { table, mask } = this.#literalCode;
    const view = this.#view;
    const end = this.#end;
    let bit = this.#bit;
    let done = start;
    for (;;) {
      if (bit > end) throw inflateError('the end came too early');
      const window = view.getUint32(bit >>> 3, true) >>> (bit & 7);
      const entry = (table[window & mask] as number) || decodeSlowly(this.#literalCode, window);
      const symbol = entry >> 4;
      bit += entry & 15;
      if (symbol < END_OF_BLOCK && entry !== 0) {
        if (done === output.length)
          throw inflateError(`more than the ${output.length} bytes there is room for`);
        output[done++] = symbol;
        continue;
      }
      this.#bit = bit;
      if (symbol === END_OF_BLOCK) return done;
      if (entry === 0 || symbol > 285) throw inflateError('a code that no symbol has');
      done = this.#copy(output, done, symbol - 257);
      bit = this.#bit;
    }
  }

  #copy(output: Uint8Array, done: number, lengthCode: number): number {
    const length = (LENGTH_BASE[lengthCode] as number) + this.#bits(LENGTH_BITS[lengthCode] as number);
    const distanceCode = this.#symbol(this.#distanceCode);
    if (distanceCode > 29) throw inflateError('a distance that cannot be');
    const distance =
      (DISTANCE_BASE[distanceCode] as number) + this.#bits(DISTANCE_BITS[distanceCode] as number);
    if (distance > done) throw inflateError(`a copy from ${distance} bytes back at ${done}`);
    if (done + length > output.length)
      throw inflateError(`more than the ${output.length} bytes there is room for`);
    copyMatch(output, done, distance, length);
    return done + length;
  }
}

/** The checksum at the end of a zlib stream, of `[0, length)`. */
function adler32(bytes: Uint8Array, length: number): number {
  let a = 1;
  let b = 0;
  for (let at = 0; at < length; ) {
    // Sums of so many bytes stay below 2^31.
    const stop = Math.min(length, at + 3800);
    for (; at < stop; at++) {
      a = (a + (bytes[at] as number)) | 0;
      b = (b + a) | 0;
    }
    a %= 65_521;
    b %= 65_521;
  }
  return b * 65_536 + a;
}
