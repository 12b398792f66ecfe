import {
  COPY,
  DISTANCE_COUNTS,
  DISTANCES,
  distanceCode,
  distanceExtra,
  END_OF_BLOCK,
  findTokens,
  LEAST_LENGTH,
  LITERAL_COUNTS,
  LITERALS,
  lengthCode,
  lengthExtra,
  TOKEN_BYTES,
  TOKENS,
} from './matches';
import { codeLengths, codesOf } from './prefix_codes';
import * as io from './room';

/**
 * zlib compression (RFC 1950 and 1951) of one page, in a single block: a page is too short for two. A module of its own,
 * for platforms whose zlib makes much of a page.
 */

const MOST_BITS: i32 = 15;
const LENGTH_CODE_BITS: i32 = 7;
const LENGTH_SYMBOLS: i32 = 19;
/** Symbols in lengths of codes: the length before again, zeros, and many zeros; more bits of each say how often. */
const AGAIN: u32 = 16;
const ZEROS: u32 = 17;
const MANY_ZEROS: u32 = 18;
/** The order in which the lengths of the code for code lengths are given. */
const LENGTH_ORDER: usize = memory.data<u8>([
  16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
]);

/** Deflate with a window of 32 KB, as fast as it goes; the checksum. */
const ZLIB_HEADER: u64 = 0x0178;
const FRAME_BYTES: i32 = 6;

/** Lengths of the codes of literals, then, right after the last that is sent, of distances. */
const LENGTHS: usize = memory.data(LITERALS + DISTANCES, 8);
const FIXED_LENGTHS: usize = memory.data(288 + DISTANCES, 8);
const LITERAL_CODES: usize = memory.data(4 * 288, 8);
const DISTANCE_CODES: usize = memory.data(4 * DISTANCES, 8);
/** The lengths as they are sent: a symbol (bits 7:0) and what its bits add (15:8); how often each symbol comes. */
const RUNS: usize = memory.data(2 * (LITERALS + DISTANCES), 8);
const RUN_COUNTS: usize = memory.data(4 * LENGTH_SYMBOLS, 8);
const RUN_LENGTHS: usize = memory.data(LENGTH_SYMBOLS, 8);
const RUN_CODES: usize = memory.data(4 * LENGTH_SYMBOLS, 8);
let runsEnd: usize = 0;

const EVERY_OTHER: u64 = ((<u64>0x00ff_00ff) << 32) | 0x00ff_00ff;

/** Bits that are not written yet, how many, and where they go. */
let hold: u64 = 0;
let have: u32 = 0;
let at: usize = 0;

/** Where the caller puts a page, of `MOST_OUTPUT` bytes at most, and finds what it became. */
export function input(): usize {
  return io.INPUT;
}
export function output(): usize {
  return io.OUTPUT;
}

/**
 * Compresses the page at `input` of `size` bytes, a multiple of 8; returns how many bytes it has then, 0 if no fewer.
 */
export function deflate(size: i32): i32 {
  const end = io.INPUT + size;
  const tokensEnd = findTokens(io.INPUT, end);
  const literalBits = codeLengths(LITERAL_COUNTS, LITERALS, MOST_BITS, LENGTHS);
  const literals = sent(LENGTHS, END_OF_BLOCK + 1, LITERALS);
  const distanceBits = codeLengths(DISTANCE_COUNTS, DISTANCES, MOST_BITS, LENGTHS + literals);
  const distances = sent(LENGTHS + literals, 1, DISTANCES);
  findRuns(literals + distances);
  const runBits = codeLengths(RUN_COUNTS, LENGTH_SYMBOLS, LENGTH_CODE_BITS, RUN_LENGTHS);
  // Some are left: the end of the block has a code, whose length is sent.
  let given = LENGTH_SYMBOLS;
  while (runLength(given - 1) === 0) given--;
  const ownBits = <u32>(14 + 3 * given) + runBits + runExtraBits() + literalBits + distanceBits;
  const fixedBits = bitsByFixed();
  const isFixed = fixedBits <= ownBits;
  const bits = 3 + extraBits() + (isFixed ? fixedBits : ownBits);
  const bytes = FRAME_BYTES + <i32>((bits + 7) >>> 3);
  if (bytes >= size) return 0;
  at = io.OUTPUT;
  hold = ZLIB_HEADER;
  have = 16;
  // The last block, of fixed codes or of its own.
  put(isFixed ? 3 : 5, 3);
  if (isFixed) {
    codesOf(FIXED_LENGTHS, 288, LITERAL_CODES);
    codesOf(FIXED_LENGTHS + 288, DISTANCES, DISTANCE_CODES);
  } else {
    putCodes(literals, distances, given);
    codesOf(LENGTHS, literals, LITERAL_CODES);
    codesOf(LENGTHS + literals, distances, DISTANCE_CODES);
  }
  putTokens(tokensEnd);
  store<u32>(io.OUTPUT + bytes - 4, bswap<u32>(adler32(io.INPUT, end)));
  return bytes;
}

/** How many lengths are sent of a code: without the zeros at its end. */
function sent(lengths: usize, least: i32, most: i32): i32 {
  let count = most;
  while (count > least && load<u8>(lengths + count - 1) === 0) count--;
  return count;
}

function runLength(place: i32): u32 {
  return load<u8>(RUN_LENGTHS + load<u8>(LENGTH_ORDER + place));
}

/** Makes runs of the first `count` lengths. */
function findRuns(count: i32): void {
  memory.fill(RUN_COUNTS, 0, 4 * LENGTH_SYMBOLS);
  runsEnd = RUNS;
  for (let n = 0; n < count; ) {
    const length: u32 = load<u8>(LENGTHS + n);
    let next = n + 1;
    while (next < count && load<u8>(LENGTHS + next) === length) next++;
    let left: u32 = next - n;
    n = next;
    if (length === 0) {
      for (; left >= 11; left -= min<u32>(left, 138)) addRun(MANY_ZEROS, min<u32>(left, 138) - 11);
      if (left >= 3) {
        addRun(ZEROS, left - 3);
        continue;
      }
    } else {
      addRun(length, 0);
      left--;
      for (; left >= 3; left -= min<u32>(left, 6)) addRun(AGAIN, min<u32>(left, 6) - 3);
    }
    for (; left > 0; left--) addRun(length, 0);
  }
}

function addRun(symbol: u32, more: u32): void {
  store<u16>(runsEnd, <u16>(symbol | (more << 8)));
  runsEnd += 2;
  const count = RUN_COUNTS + 4 * symbol;
  store<u32>(count, load<u32>(count) + 1);
}

function runExtra(symbol: u32): u32 {
  return symbol < AGAIN ? 0 : symbol === AGAIN ? 2 : symbol === ZEROS ? 3 : 7;
}

function runExtraBits(): u32 {
  let bits: u32 = 0;
  for (let symbol = AGAIN; symbol <= MANY_ZEROS; symbol++) {
    bits += load<u32>(RUN_COUNTS + 4 * symbol) * runExtra(symbol);
  }
  return bits;
}

/** Bits of lengths and distances beside their codes. */
function extraBits(): u32 {
  let bits: u32 = 0;
  for (let code: u32 = 8; code < 28; code++) {
    bits += load<u32>(LITERAL_COUNTS + 4 * (END_OF_BLOCK + 1 + code)) * lengthExtra(code);
  }
  for (let code: u32 = 4; code < <u32>DISTANCES; code++) {
    bits += load<u32>(DISTANCE_COUNTS + 4 * code) * distanceExtra(code);
  }
  return bits;
}

/** How many bits all symbols take by the fixed codes. */
function bitsByFixed(): u32 {
  if (load<u8>(FIXED_LENGTHS) === 0) {
    memory.fill(FIXED_LENGTHS, 8, 144);
    memory.fill(FIXED_LENGTHS + 144, 9, 112);
    memory.fill(FIXED_LENGTHS + 256, 7, 24);
    memory.fill(FIXED_LENGTHS + 280, 8, 8);
    memory.fill(FIXED_LENGTHS + 288, 5, DISTANCES);
  }
  let bits: u32 = 0;
  for (let n = 0; n < LITERALS; n++) bits += load<u32>(LITERAL_COUNTS + 4 * n) * load<u8>(FIXED_LENGTHS + n);
  for (let n = 0; n < DISTANCES; n++) bits += 5 * load<u32>(DISTANCE_COUNTS + 4 * n);
  return bits;
}

/** Puts bits, 32 at most, and writes what is whole bytes of them; up to 8 bytes are overwritten. */
function put(bits: u64, count: u32): void {
  hold |= bits << have;
  have += count;
  store<u64>(at, hold);
  at += have >>> 3;
  hold >>>= have & 56;
  have &= 7;
}

/** Puts the description of the codes. */
function putCodes(literals: i32, distances: i32, given: i32): void {
  put((literals - 257) | ((distances - 1) << 5) | ((given - 4) << 10), 14);
  for (let n = 0; n < given; n++) put(runLength(n), 3);
  codesOf(RUN_LENGTHS, LENGTH_SYMBOLS, RUN_CODES);
  for (let run = RUNS; run < runsEnd; run += 2) {
    const value: u32 = load<u16>(run);
    const symbol = value & 0xff;
    const code = load<u32>(RUN_CODES + 4 * symbol);
    put(code >>> 4, code & 15);
    put(value >>> 8, runExtra(symbol));
  }
}

/** Puts the tokens and the end: at most 48 bits each, beside 7 that are held. */
function putTokens(end: usize): void {
  let bits = hold;
  let count = have;
  let to = at;
  for (let token = TOKENS; token < end; token += TOKEN_BYTES) {
    const value = load<u32>(token);
    if (value < COPY) {
      const code = load<u32>(LITERAL_CODES + 4 * value);
      bits |= (<u64>(code >>> 4)) << count;
      count += code & 15;
    } else {
      const length = value >>> 16;
      let symbol = lengthCode(length);
      let code = load<u32>(LITERAL_CODES + 4 * (END_OF_BLOCK + 1 + symbol));
      bits |= (<u64>(code >>> 4)) << count;
      count += code & 15;
      let extra = lengthExtra(symbol);
      bits |= (<u64>((length - LEAST_LENGTH) & ((1 << extra) - 1))) << count;
      count += extra;
      const distance = value & 0xffff;
      symbol = distanceCode(distance);
      code = load<u32>(DISTANCE_CODES + 4 * symbol);
      bits |= (<u64>(code >>> 4)) << count;
      count += code & 15;
      extra = distanceExtra(symbol);
      bits |= (<u64>((distance - 1) & ((1 << extra) - 1))) << count;
      count += extra;
    }
    store<u64>(to, bits);
    to += count >>> 3;
    bits >>>= count & 56;
    count &= 7;
  }
  hold = bits;
  have = count;
  at = to;
  const code = load<u32>(LITERAL_CODES + 4 * END_OF_BLOCK);
  put(code >>> 4, code & 15);
  store<u8>(at, <u8>hold);
}

/** The checksum at the end of a zlib stream, eight bytes at a time: pages are multiples of that. */
function adler32(start: usize, end: usize): u32 {
  let a: u64 = 1;
  let b: u64 = 0;
  for (let from = start; from < end; from += 8) {
    const bytes = load<u64>(from);
    const even = bytes & EVERY_OTHER;
    const odd = (bytes >>> 8) & EVERY_OTHER;
    // In the highest 16 bits of a product: bytes that were added up, each as often as the other factor says.
    b += 8 * a + ((even * 0x0008_0006_0004_0002) >>> 48) + ((odd * 0x0007_0005_0003_0001) >>> 48);
    a += ((even + odd) * 0x0001_0001_0001_0001) >>> 48;
  }
  return ((<u32>(b % 65_521)) << 16) | <u32>(a % 65_521);
}
