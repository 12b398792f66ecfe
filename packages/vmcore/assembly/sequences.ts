import { streamBits, windowBefore } from './bits';
import { copyNear, copyWords } from './copy';
import { accuracyOf, build, firstState, meaningOf, nextOf, readTable, setSingle } from './fse';
import { OUTPUT } from './room';

/** The sequences of a block (RFC 8878, 3.1.1.3.2): codes of literal lengths, offsets and match lengths. */

const LITERAL_SHARES: usize = memory.data<i16>([
  4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1,
  -1,
]);
const OFFSET_SHARES: usize = memory.data<i16>([
  1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1,
]);
const MATCH_SHARES: usize = memory.data<i16>([
  1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
  1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
]);

/** Extra bits (31:24) and smallest value (23:0) of each code, of lengths from 16 and 32 on. */
const LITERAL_EXTRA: usize = memory.data<u8>([
  1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
]);
const MATCH_EXTRA: usize = memory.data<u8>([
  1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
]);
const LITERAL_LENGTHS: usize = memory.data(4 * 36, 8);
const MATCH_LENGTHS: usize = memory.data(4 * 53, 8);
/** The same of offsets: as many bits as the code says, and that power of two. */
const OFFSETS: usize = memory.data(4 * 32, 8);
/** Longer offsets reach back farther than any page. */
const MOST_OFFSET_BITS: i32 = 16;

const PREDEFINED_LITERALS: usize = memory.data(8 + (8 << 6), 8);
const PREDEFINED_OFFSETS: usize = memory.data(8 + (8 << 5), 8);
const PREDEFINED_MATCHES: usize = memory.data(8 + (8 << 6), 8);
const OWN_LITERALS: usize = memory.data(8 + (8 << 9), 8);
const OWN_OFFSETS: usize = memory.data(8 + (8 << 8), 8);
const OWN_MATCHES: usize = memory.data(8 + (8 << 9), 8);

/** The tables in use; 0 before a block named one. */
let literalTable: usize = 0;
let offsetTable: usize = 0;
let matchTable: usize = 0;
/** The last three offsets. */
let repeat1: usize = 1;
let repeat2: usize = 4;
let repeat3: usize = 8;
let isReady = false;

/** Begins a frame: no tables are known. */
export function beginSequences(): void {
  if (!isReady) makeTables();
  literalTable = 0;
  offsetTable = 0;
  matchTable = 0;
  repeat1 = 1;
  repeat2 = 4;
  repeat3 = 8;
}

function makeTables(): void {
  fillLengths(LITERAL_LENGTHS, 0, 16, LITERAL_EXTRA, 20);
  fillLengths(MATCH_LENGTHS, 3, 32, MATCH_EXTRA, 21);
  for (let code: u32 = 0; code < 32; code++)
    store<u32>(OFFSETS + 4 * code, (code << 24) | ((1 << code) & 0xff_ffff));
  build(PREDEFINED_LITERALS, LITERAL_SHARES, 36, 6, LITERAL_LENGTHS);
  build(PREDEFINED_OFFSETS, OFFSET_SHARES, 29, 5, OFFSETS);
  build(PREDEFINED_MATCHES, MATCH_SHARES, 53, 6, MATCH_LENGTHS);
  isReady = true;
}

function fillLengths(lengths: usize, first: u32, plain: u32, extra: usize, count: u32): void {
  let next = first;
  for (let code: u32 = 0; code < plain + count; code++) {
    const bits: u32 = code < plain ? 0 : load<u8>(extra + code - plain);
    store<u32>(lengths + 4 * code, (bits << 24) | next);
    next += 1 << bits;
  }
}

/** Reads what a block says of its three tables; returns where that ends, 0 for damage. */
export function readTables(modes: u32, at: usize, end: usize): usize {
  let next = readMode(
    modes >> 6,
    at,
    end,
    PREDEFINED_LITERALS,
    OWN_LITERALS,
    9,
    36,
    LITERAL_LENGTHS,
    literalTable,
  );
  if (next === 0) return 0;
  literalTable = chosen;
  next = readMode((modes >> 4) & 3, next, end, PREDEFINED_OFFSETS, OWN_OFFSETS, 8, 32, OFFSETS, offsetTable);
  if (next === 0) return 0;
  offsetTable = chosen;
  next = readMode(
    (modes >> 2) & 3,
    next,
    end,
    PREDEFINED_MATCHES,
    OWN_MATCHES,
    9,
    53,
    MATCH_LENGTHS,
    matchTable,
  );
  matchTable = chosen;
  return next;
}

/** What `readMode` chose. */
let chosen: usize = 0;

function readMode(
  mode: u32,
  at: usize,
  end: usize,
  predefined: usize,
  own: usize,
  mostAccuracy: i32,
  symbols: i32,
  meanings: usize,
  current: usize,
): usize {
  chosen = mode === 0 ? predefined : mode === 3 ? current : own;
  if (mode === 0) return at;
  if (mode === 3) return current === 0 ? 0 : at;
  if (mode === 2) return readTable(own, at, end, mostAccuracy, symbols, meanings);
  if (at >= end || <i32>load<u8>(at) >= symbols) return 0;
  setSingle(own, load<u32>(meanings + 4 * <usize>load<u8>(at)));
  return at + 1;
}

/**
 * Runs `count` sequences of the stream in `[start, end)`: literals, then a copy of earlier output, each; then the
 * literals left over. Returns where the output ends, 0 for damage.
 */
export function runSequences(
  start: usize,
  end: usize,
  count: i32,
  literals: usize,
  literalsEnd: usize,
  from: usize,
  limit: usize,
): usize {
  let left = streamBits(start, end);
  if (left < 0) return 0;
  const literalStates = literalTable;
  const offsetStates = offsetTable;
  const matchStates = matchTable;
  let literalState = firstState(literalStates, start, left);
  left -= accuracyOf(literalStates);
  let offsetState = firstState(offsetStates, start, left);
  left -= accuracyOf(offsetStates);
  let matchState = firstState(matchStates, start, left);
  left -= accuracyOf(matchStates);
  let done = from;
  let literalAt = literals;
  let first = repeat1;
  let second = repeat2;
  let third = repeat3;
  while (true) {
    if (left < 0) return 0;
    const offsetCode = meaningOf(offsetStates, offsetState);
    const matchCode = meaningOf(matchStates, matchState);
    const literalCode = meaningOf(literalStates, literalState);
    const offsetExtra: i32 = offsetCode >>> 24;
    const matchExtra: i32 = matchCode >>> 24;
    const literalExtra: i32 = literalCode >>> 24;
    if (offsetExtra > MOST_OFFSET_BITS) return 0;
    // At most 16 bits of each, of 57 at hand.
    let window = windowBefore(start, left);
    const offsetValue = (offsetCode & 0xff_ffff) + <u32>((window >>> 1) >>> (63 - offsetExtra));
    window <<= offsetExtra;
    const matchLength: usize = (matchCode & 0xff_ffff) + <u32>((window >>> 1) >>> (63 - matchExtra));
    window <<= matchExtra;
    const literalLength: usize = (literalCode & 0xff_ffff) + <u32>((window >>> 1) >>> (63 - literalExtra));
    left -= offsetExtra + matchExtra + literalExtra;
    if (literalAt + literalLength > literalsEnd || done + literalLength + matchLength > limit) return 0;
    store<u64>(done, load<u64>(literalAt));
    store<u64>(done, load<u64>(literalAt, 8), 8);
    if (literalLength > 16) copyWords(done + 16, literalAt + 16, literalLength - 16);
    done += literalLength;
    literalAt += literalLength;
    let offset: usize = offsetValue - 3;
    if (offsetValue > 3) {
      third = second;
      second = first;
      first = offset;
    } else {
      // One of the last three, or one less than the last.
      const index = offsetValue + (literalLength === 0 ? 1 : 0);
      if (index === 1) offset = first;
      else {
        offset = index === 2 ? second : index === 3 ? third : first - 1;
        if (index > 2) third = second;
        second = first;
        first = offset;
      }
    }
    if (offset === 0 || offset > done - OUTPUT) return 0;
    if (offset < 8) copyNear(done, offset, matchLength);
    else {
      store<u64>(done, load<u64>(done - offset));
      store<u64>(done, load<u64>(done - offset, 8), 8);
      for (let n: usize = 16; n < matchLength; n += 8) store<u64>(done + n, load<u64>(done - offset + n));
    }
    done += matchLength;
    if (--count === 0) break;
    if (left < 0) return 0;
    // At most 9 + 9 + 8 bits.
    window = windowBefore(start, left);
    const literalNext = nextOf(literalStates, literalState);
    const literalBits: i32 = literalNext >>> 16;
    literalState = (literalNext & 0xffff) + <u32>((window >>> 1) >>> (63 - literalBits));
    window <<= literalBits;
    const matchNext = nextOf(matchStates, matchState);
    const matchBits: i32 = matchNext >>> 16;
    matchState = (matchNext & 0xffff) + <u32>((window >>> 1) >>> (63 - matchBits));
    window <<= matchBits;
    const offsetNext = nextOf(offsetStates, offsetState);
    const offsetBits: i32 = offsetNext >>> 16;
    offsetState = (offsetNext & 0xffff) + <u32>((window >>> 1) >>> (63 - offsetBits));
    left -= literalBits + matchBits + offsetBits;
  }
  repeat1 = first;
  repeat2 = second;
  repeat3 = third;
  const rest = literalsEnd - literalAt;
  if (left !== 0 || done + rest > limit) return 0;
  copyWords(done, literalAt, rest);
  return done + rest;
}
