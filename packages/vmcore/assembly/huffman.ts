import { bitsBefore, streamBits } from './bits';
import { accuracyOf, readTable, stateOf } from './fse';

/** The Huffman code of a block's literals (RFC 8878, 4.2). */

const MOST_BITS: i32 = 11;
const MOST_ACCURACY: i32 = 6;
/** Bits looked at in one go: four of the longest codes. */
const WINDOW: i32 = 44;

/** For whatever the next bits are: the length of the code they start with (bits 15:8), its symbol (7:0). */
const CODES: usize = memory.data(2 << MOST_BITS, 8);
const WEIGHTS: usize = memory.data(320, 8);
const STARTS: usize = memory.data(4 * (MOST_BITS + 2), 8);
const TABLE: usize = memory.data(4 + (4 << MOST_ACCURACY), 8);

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
  const start = readTable(TABLE, at, end, MOST_ACCURACY, MOST_BITS + 1);
  let left = start === 0 ? -1 : streamBits(start, end);
  if (left < 0) return -1;
  const accuracy = accuracyOf(TABLE);
  let now = bitsBefore(start, left, accuracy);
  let other = bitsBefore(start, left - accuracy, accuracy);
  left -= 2 * accuracy;
  let count = 0;
  while (count < 254) {
    const state = stateOf(TABLE, now);
    store<u8>(WEIGHTS + count++, <u8>(state >>> 24));
    const bits: i32 = (state >>> 16) & 0xff;
    const after = (state & 0xffff) + bitsBefore(start, left, bits);
    left -= bits;
    if (left < 0) {
      store<u8>(WEIGHTS + count++, <u8>(stateOf(TABLE, other) >>> 24));
      return count;
    }
    now = other;
    other = after;
  }
  return -1;
}

/** Builds the table; the last symbol's weight is what is left to a power of two. */
function buildCode(count: i32): bool {
  let sum: u32 = 0;
  for (let symbol = 0; symbol < count; symbol++) {
    const weight: u32 = load<u8>(WEIGHTS + symbol);
    if (weight > <u32>MOST_BITS) return false;
    if (weight > 0) sum += 1 << (weight - 1);
  }
  const bits: i32 = 32 - clz<u32>(sum);
  if (sum === 0 || bits > MOST_BITS) return false;
  const rest: u32 = (1 << bits) - sum;
  const lastWeight: i32 = 32 - clz<u32>(rest);
  if (<u32>(1 << (lastWeight - 1)) !== rest) return false;
  store<u8>(WEIGHTS + count, <u8>lastWeight);
  codeBits = bits;
  fillCodes(count + 1);
  return true;
}

function fillCodes(count: i32): void {
  memory.fill(STARTS, 0, 4 * (MOST_BITS + 2));
  for (let symbol = 0; symbol < count; symbol++) {
    const weight: usize = load<u8>(WEIGHTS + symbol);
    if (weight === 0) continue;
    const start = STARTS + 4 * (weight + 1);
    store<u32>(start, load<u32>(start) + (1 << (<u32>weight - 1)));
  }
  for (let weight = 2; weight < MOST_BITS + 2; weight++) {
    const start = STARTS + 4 * weight;
    store<u32>(start, load<u32>(start) + load<u32>(start - 4));
  }
  for (let symbol = 0; symbol < count; symbol++) {
    const weight: u32 = load<u8>(WEIGHTS + symbol);
    if (weight === 0) continue;
    const from = load<u32>(STARTS + 4 * weight);
    const to = from + (1 << (weight - 1));
    const code = ((codeBits + 1 - weight) << 8) | symbol;
    for (let n = from; n < to; n++) store<u16>(CODES + 2 * n, <u16>code);
    store<u32>(STARTS + 4 * weight, to);
  }
}

/** Decodes the stream in `[start, end)` to `[to, stop)`; false where it does not end exactly there. */
export function decodeLiterals(start: usize, end: usize, to: usize, stop: usize): bool {
  let left = streamBits(start, end);
  if (left < 0) return false;
  const bits = codeBits;
  const mask: u64 = (1 << bits) - 1;
  let n = to;
  while (n + 4 <= stop && left >= WINDOW) {
    const from = left - WINDOW;
    const window = load<u64>(start + (from >>> 3)) >>> (from & 7);
    let shift = WINDOW - bits;
    const first: i32 = load<u16>(CODES + 2 * <usize>((window >>> shift) & mask));
    shift -= first >> 8;
    const second: i32 = load<u16>(CODES + 2 * <usize>((window >>> shift) & mask));
    shift -= second >> 8;
    const third: i32 = load<u16>(CODES + 2 * <usize>((window >>> shift) & mask));
    shift -= third >> 8;
    const fourth: i32 = load<u16>(CODES + 2 * <usize>((window >>> shift) & mask));
    shift -= fourth >> 8;
    store<u32>(n, (first & 0xff) | ((second & 0xff) << 8) | ((third & 0xff) << 16) | (fourth << 24));
    left -= WINDOW - bits - shift;
    n += 4;
  }
  for (; n < stop; n++) {
    const code: i32 = load<u16>(CODES + 2 * bitsBefore(start, left, bits));
    store<u8>(n, <u8>code);
    left -= code >> 8;
  }
  return left === 0;
}
