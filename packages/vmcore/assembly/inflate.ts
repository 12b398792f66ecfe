import { copyNear, copyWords } from './copy';
import { DAMAGED, INPUT, OUTPUT } from './room';

/** zlib decompression (RFC 1950 and 1951), as `codecs/inflate.ts` does it. */

const MOST_BITS: i32 = 15;
const END_OF_BLOCK: u32 = 256;

/** Codes are looked up at once by so many bits; longer ones are counted through. */
const LITERAL_BITS: i32 = 10;
const DISTANCE_BITS: i32 = 8;
const LENGTH_CODE_BITS: i32 = 7;

/** A prefix code: a table of symbol (bits 15:4) and length (3:0) by the next bits, then counts, then symbols. */
const COUNTS: usize = 2 << LITERAL_BITS;
const SYMBOLS: usize = COUNTS + 2 * (<usize>MOST_BITS + 1);
const CODE_BYTES: i32 = <i32>SYMBOLS + 2 * 288;
const LITERAL_CODE: usize = memory.data(CODE_BYTES, 8);
const DISTANCE_CODE: usize = memory.data(CODE_BYTES, 8);
const LENGTH_CODE: usize = memory.data(CODE_BYTES, 8);
const NEXT: usize = memory.data(2 * (MOST_BITS + 2), 8);
const LENGTHS: usize = memory.data(320, 8);

/** The order in which the lengths of the code for code lengths are given. */
const LENGTH_ORDER: usize = memory.data<u8>([
  16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
]);
/** Lengths from code 257 on, and distances: the smallest value of each code, and how many bits add to it. */
const LENGTH_BASE: usize = memory.data<u16>([
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
  227, 258,
]);
const LENGTH_EXTRA: usize = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
]);
const DISTANCE_BASE: usize = memory.data<u16>([
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
  6145, 8193, 12289, 16385, 24577,
]);
const DISTANCE_EXTRA: usize = memory.data<u8>([
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
]);

/** The next bits of the input, how many are at hand, and where those after them lie. */
let hold: u64 = 0;
let have: i32 = 0;
let at: usize = 0;
let end: usize = 0;

/** Decompresses a zlib stream. Returns the number of bytes, or `DAMAGED`. */
export function inflate(inputLength: i32, room: i32): i32 {
  at = INPUT;
  end = INPUT + inputLength;
  hold = 0;
  have = 0;
  const header = take(16);
  const checked = ((header & 0xff) << 8) | (header >> 8);
  if ((header & 0xf) !== 8 || checked % 31 !== 0 || (header & 0x2000) !== 0) return DAMAGED;
  const limit = OUTPUT + room;
  let done = OUTPUT;
  for (let isLast = false; !isLast; ) {
    isLast = take(1) === 1;
    const type = take(2);
    if (isPast() || type === 3) return DAMAGED;
    if (type === 0) done = stored(done, limit);
    else {
      if (type === 1) fixedCodes();
      else if (!readCodes()) return DAMAGED;
      done = block(done, limit);
    }
    if (done === 0) return DAMAGED;
  }
  drop(have & 7);
  const sum = bswap<u32>(take(32));
  return isPast() || sum !== adler32(done) ? DAMAGED : <i32>(done - OUTPUT);
}

/** Makes at least 56 bits be at hand; past the input's end they mean nothing. */
function refill(): void {
  hold |= load<u64>(at) << have;
  at += (63 - have) >> 3;
  have |= 56;
}

function drop(count: i32): void {
  hold >>>= count;
  have -= count;
}

/** Takes the next `count` bits, at most 32. */
function take(count: i32): u32 {
  refill();
  const value = <u32>(hold & (((<u64>1) << count) - 1));
  drop(count);
  return value;
}

/** Whether bits were taken that the input does not have. */
function isPast(): bool {
  return at - (have >> 3) > end;
}

/** The entry for the code that the bits at hand begin with, which are not taken; 0 where it is none. */
function entryOf(code: usize, bits: i32): u32 {
  const entry: u32 = load<u16>(code + 2 * (<usize>hold & ((1 << bits) - 1)));
  return entry !== 0 ? entry : countedEntry(code);
}

function countedEntry(code: usize): u32 {
  let value: i32 = 0;
  let first: i32 = 0;
  let place: i32 = 0;
  for (let length = 1; length <= MOST_BITS; length++) {
    value |= <i32>((hold >>> (length - 1)) & 1);
    const count: i32 = load<u16>(code + COUNTS + 2 * length);
    if (value - first < count) return (load<u16>(code + SYMBOLS + 2 * (place + value - first)) << 4) | length;
    place += count;
    first = (first + count) << 1;
    value <<= 1;
  }
  return 0;
}

/**
 * Builds a code from the lengths in `[start, stop)`. False when no code has these lengths: too many, or too few but for
 * a single one of length 1 (or none at all), as Deflate allows for distances.
 */
function build(code: usize, bits: i32, start: i32, stop: i32): bool {
  const counts = code + COUNTS;
  memory.fill(counts, 0, 2 * (MOST_BITS + 1));
  for (let n = start; n < stop; n++) {
    const count = counts + 2 * load<u8>(LENGTHS + n);
    store<u16>(count, load<u16>(count) + 1);
  }
  store<u16>(counts, 0);
  let left: i32 = 1;
  let used: i32 = 0;
  store<u16>(NEXT + 2, 0);
  for (let length = 1; length <= MOST_BITS; length++) {
    const count: i32 = load<u16>(counts + 2 * length);
    left = 2 * left - count;
    if (left < 0) return false;
    used += count;
    store<u16>(NEXT + 2 * (length + 1), <u16>used);
  }
  for (let n = start; n < stop; n++) {
    const length: usize = load<u8>(LENGTHS + n);
    if (length === 0) continue;
    const place: usize = load<u16>(NEXT + 2 * length);
    store<u16>(code + SYMBOLS + 2 * place, <u16>(n - start));
    store<u16>(NEXT + 2 * length, <u16>(place + 1));
  }
  fillTable(code, bits);
  return left === 0 || used === 0 || (used === 1 && load<u16>(counts + 2) === 1);
}

function fillTable(code: usize, bits: i32): void {
  const size: u32 = 1 << bits;
  memory.fill(code, 0, 2 * size);
  // The next code, its bits in the order in which they come: the highest first.
  let reversed: u32 = 0;
  let place: usize = 0;
  for (let length = 1; length <= bits; length++) {
    const top: u32 = 1 << (length - 1);
    for (let n: u32 = load<u16>(code + COUNTS + 2 * length); n > 0; n--) {
      const entry = (load<u16>(code + SYMBOLS + 2 * place++) << 4) | <u16>length;
      for (let slot = reversed; slot < size; slot += 1 << length) store<u16>(code + 2 * slot, entry);
      // Adds one at the reversed number's other end.
      let bit = top;
      while (bit !== 0 && (reversed & bit) !== 0) {
        reversed ^= bit;
        bit >>>= 1;
      }
      reversed |= bit;
    }
  }
}

function fixedCodes(): void {
  memory.fill(LENGTHS, 8, 144);
  memory.fill(LENGTHS + 144, 9, 112);
  memory.fill(LENGTHS + 256, 7, 24);
  memory.fill(LENGTHS + 280, 8, 8);
  memory.fill(LENGTHS + 288, 5, 32);
  build(LITERAL_CODE, LITERAL_BITS, 0, 288);
  build(DISTANCE_CODE, DISTANCE_BITS, 288, 320);
}

function readCodes(): bool {
  const literals: i32 = take(5) + 257;
  const distances: i32 = take(5) + 1;
  const given: i32 = take(4) + 4;
  if (literals > 286 || distances > 30) return false;
  memory.fill(LENGTHS, 0, 320);
  for (let n = 0; n < given; n++) store<u8>(LENGTHS + load<u8>(LENGTH_ORDER + n), <u8>take(3));
  if (!build(LENGTH_CODE, LENGTH_CODE_BITS, 0, 19)) return false;
  const count = literals + distances;
  for (let n = 0; n < count; ) {
    refill();
    const entry = entryOf(LENGTH_CODE, LENGTH_CODE_BITS);
    if (entry === 0 || isPast()) return false;
    drop(entry & 15);
    const symbol = entry >> 4;
    if (symbol < 16) {
      store<u8>(LENGTHS + n++, <u8>symbol);
      continue;
    }
    if (symbol === 16 && n === 0) return false;
    const value: u8 = symbol === 16 ? load<u8>(LENGTHS + n - 1) : 0;
    const times: i32 = symbol === 16 ? 3 + take(2) : symbol === 17 ? 3 + take(3) : 11 + take(7);
    if (n + times > count) return false;
    memory.fill(LENGTHS + n, value, times);
    n += times;
  }
  const hasEnd = load<u8>(LENGTHS + END_OF_BLOCK) !== 0;
  const isLiteralCode = build(LITERAL_CODE, LITERAL_BITS, 0, literals);
  return build(DISTANCE_CODE, DISTANCE_BITS, literals, count) && isLiteralCode && hasEnd && !isPast();
}

/** Copies a stored block; returns where the output ends, 0 for damage. */
function stored(done: usize, limit: usize): usize {
  drop(have & 7);
  const length = take(16);
  if ((take(16) ^ 0xffff) !== length) return 0;
  const from = at - (have >> 3);
  if (from + length > end || done + length > limit) return 0;
  copyWords(done, from, length);
  at = from + length;
  hold = 0;
  have = 0;
  return done + length;
}

/** Decodes literals and copies up to the block's end; returns where the output ends, 0 for damage. */
function block(start: usize, limit: usize): usize {
  let done = start;
  while (true) {
    refill();
    if (isPast()) return 0;
    let entry = entryOf(LITERAL_CODE, LITERAL_BITS);
    drop(entry & 15);
    let symbol = entry >> 4;
    if (symbol < END_OF_BLOCK) {
      if (entry === 0 || done === limit) return 0;
      store<u8>(done++, <u8>symbol);
      continue;
    }
    if (symbol === END_OF_BLOCK) return done;
    if (symbol > 285) return 0;
    // 15 bits and 5 are gone of 56; distances take 28 at most.
    const lengthExtra: i32 = load<u8>(LENGTH_EXTRA + symbol - 257);
    const length = load<u16>(LENGTH_BASE + 2 * (symbol - 257)) + (<u32>hold & ((1 << lengthExtra) - 1));
    drop(lengthExtra);
    entry = entryOf(DISTANCE_CODE, DISTANCE_BITS);
    drop(entry & 15);
    symbol = entry >> 4;
    if (entry === 0 || symbol > 29) return 0;
    const distanceExtra: i32 = load<u8>(DISTANCE_EXTRA + symbol);
    const distance = load<u16>(DISTANCE_BASE + 2 * symbol) + (<u32>hold & ((1 << distanceExtra) - 1));
    drop(distanceExtra);
    if (<usize>distance > done - OUTPUT || done + length > limit) return 0;
    if (distance < 8) copyNear(done, distance, length);
    else {
      for (let n: usize = 0; n < length; n += 8) store<u64>(done + n, load<u64>(done - distance + n));
    }
    done += length;
  }
}

/** The checksum at the end of a zlib stream, of the output up to `done`. */
function adler32(done: usize): u32 {
  let a: u32 = 1;
  let b: u32 = 0;
  for (let from = OUTPUT; from < done; ) {
    // Sums of so many bytes stay below 2^32.
    const stop = min<usize>(done, from + 5552);
    for (; from < stop; from++) {
      a += load<u8>(from);
      b += a;
    }
    a %= 65_521;
    b %= 65_521;
  }
  return (b << 16) | a;
}
