import { bitsBefore, streamBits, windowBefore } from './bits';
import { accuracyOf, meaningOf, nextOf, readTable } from './fse';

/** The Huffman code of a block's literals (RFC 8878, 4.2). */

const MOST_BITS: i32 = 11;
const MOST_ACCURACY: i32 = 6;
/** Bits looked at in one go: five of the longest codes. */
const WINDOW: i32 = 55;

/** For whatever the next bits are: the symbol of the code they start with (bits 15:8), its length (7:0). */
const CODES: usize = memory.data(2 << MOST_BITS, 8);
const WEIGHTS: usize = memory.data(320, 8);
const STARTS: usize = memory.data(4 * (MOST_BITS + 2), 8);
const SORTED: usize = memory.data(256, 8);
const TABLE: usize = memory.data(8 + (8 << MOST_ACCURACY), 8);
/** What the symbols of weights mean: themselves. */
const PLAIN: usize = memory.data<u32>([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);

/** Bits of the longest code, 0 before any code was read. */
let codeBits: i32 = 0;

/** Forgets the code that was read. */
export function forgetCode(): void {
  codeBits = 0;
}

export function hasCode(): bool {
  return codeBits !== 0;
}

/** Reads a code's description in `[at, end)`; returns where it ends, 0 for damage. */
export function readCode(at: usize, end: usize): usize {
  if (at >= end) return 0;
  const header: usize = load<u8>(at);
  const isDirect = header >= 128;
  const next = at + 1 + (isDirect ? (header - 126) >> 1 : header);
  if (next > end) return 0;
  const count = isDirect ? readDirect(at + 1, <i32>header - 127) : readWeights(at + 1, next);
  return count >= 0 && buildCode(count) ? next : 0;
}

function readDirect(at: usize, count: i32): i32 {
  for (let n = 0; n < count; n++) {
    const pair: u32 = load<u8>(at + (n >> 1));
    store<u8>(WEIGHTS + n, <u8>((n & 1) === 0 ? pair >> 4 : pair & 15));
  }
  return count;
}

/** Weights as two interleaved FSE states; the stream's end, not a count, ends them. -1 for damage. */
function readWeights(at: usize, end: usize): i32 {
  const start = readTable(TABLE, at, end, MOST_ACCURACY, MOST_BITS + 1, PLAIN);
  let left = start === 0 ? -1 : streamBits(start, end);
  if (left < 0) return -1;
  const accuracy = accuracyOf(TABLE);
  let now = bitsBefore(start, left, accuracy);
  let other = bitsBefore(start, left - accuracy, accuracy);
  left -= 2 * accuracy;
  let count = 0;
  while (count < 254) {
    store<u8>(WEIGHTS + count++, <u8>meaningOf(TABLE, now));
    const next = nextOf(TABLE, now);
    const bits: i32 = next >>> 16;
    const after = (next & 0xffff) + bitsBefore(start, left, bits);
    left -= bits;
    if (left < 0) {
      store<u8>(WEIGHTS + count++, <u8>meaningOf(TABLE, other));
      return count;
    }
    now = other;
    other = after;
  }
  return -1;
}

/** Builds the table; the last symbol's weight is what is left to a power of two. */
function buildCode(count: i32): bool {
  memory.fill(STARTS, 0, 4 * (MOST_BITS + 2));
  let sum: u32 = 0;
  for (let symbol = 0; symbol < count; symbol++) {
    const weight: u32 = load<u8>(WEIGHTS + symbol);
    if (weight > <u32>MOST_BITS) return false;
    sum += (1 << weight) >> 1;
    countWeight(weight);
  }
  const bits: i32 = 32 - clz<u32>(sum);
  if (sum === 0 || bits > MOST_BITS) return false;
  const rest: u32 = (1 << bits) - sum;
  const lastWeight: i32 = 32 - clz<u32>(rest);
  if (<u32>(1 << (lastWeight - 1)) !== rest) return false;
  store<u8>(WEIGHTS + count, <u8>lastWeight);
  countWeight(lastWeight);
  codeBits = bits;
  sortSymbols(count + 1);
  fillCodes();
  return true;
}

function countWeight(weight: usize): void {
  const start = STARTS + 4 * (weight + 1);
  store<u32>(start, load<u32>(start) + 1);
}

/** Puts the symbols in the order of their weights; then `STARTS` has for each weight where its symbols end. */
function sortSymbols(count: i32): void {
  for (let weight = 1; weight < MOST_BITS + 2; weight++) {
    const start = STARTS + 4 * weight;
    store<u32>(start, load<u32>(start) + load<u32>(start - 4));
  }
  for (let symbol = 0; symbol < count; symbol++) {
    const start = STARTS + 4 * <usize>load<u8>(WEIGHTS + symbol);
    const place = load<u32>(start);
    store<u8>(SORTED + place, <u8>symbol);
    store<u32>(start, place + 1);
  }
}

/** The longest codes come first, and each weight has twice the entries of the one before. */
function fillCodes(): void {
  let to = CODES;
  let at = load<u32>(STARTS);
  for (let weight = 1; weight <= codeBits; weight++) {
    const end = load<u32>(STARTS + 4 * weight);
    const length: u32 = codeBits + 1 - weight;
    if (weight === 1) {
      for (; at < end; at++) {
        store<u16>(to, ((<u16>load<u8>(SORTED + at)) << 8) | <u16>length);
        to += 2;
      }
    } else if (weight === 2) {
      for (; at < end; at++) {
        store<u32>(to, (((<u32>load<u8>(SORTED + at)) << 8) | length) * 0x1_0001);
        to += 4;
      }
    } else {
      const bytes: usize = 1 << weight;
      for (; at < end; at++) {
        const four: u64 = (((<u64>load<u8>(SORTED + at)) << 8) | length) * 0x1_0001_0001_0001;
        for (const stop = to + bytes; to < stop; to += 8) store<u64>(to, four);
      }
    }
  }
}

/** Decodes the stream in `[start, end)` to `[to, stop)`; false where it does not end exactly there. */
export function decodeLiterals(start: usize, end: usize, to: usize, stop: usize): bool {
  let left = streamBits(start, end);
  if (left < 0) return false;
  const shift: u64 = 63 - codeBits;
  let n = to;
  while (n + 5 <= stop && left >= WINDOW) {
    let window = windowBefore(start, left);
    const first: u32 = load<u16>(CODES + (<usize>(window >>> shift) & ~1));
    window <<= first;
    const second: u32 = load<u16>(CODES + (<usize>(window >>> shift) & ~1));
    window <<= second;
    const third: u32 = load<u16>(CODES + (<usize>(window >>> shift) & ~1));
    window <<= third;
    const fourth: u32 = load<u16>(CODES + (<usize>(window >>> shift) & ~1));
    window <<= fourth;
    const fifth: u32 = load<u16>(CODES + (<usize>(window >>> shift) & ~1));
    left -= (first + second + third + fourth + fifth) & 0xff;
    store<u32>(n, (first >>> 8) | (second & 0xff00) | ((third & 0xff00) << 8) | ((fourth & 0xff00) << 16));
    store<u8>(n, <u8>(fifth >>> 8), 4);
    n += 5;
  }
  for (; n < stop; n++) {
    const code: i32 = load<u16>(CODES + 2 * bitsBefore(start, left, codeBits));
    store<u8>(n, <u8>(code >> 8));
    left -= code & 0xff;
  }
  return left === 0;
}
