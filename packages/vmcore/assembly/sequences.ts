import { bitsBefore, streamBits } from './bits';
import { copyNear, copyWords } from './copy';
import { accuracyOf, build, firstState, readTable, setSingle, stateOf } from './fse';
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

const PREDEFINED_LITERALS: usize = memory.data(4 + (4 << 6), 8);
const PREDEFINED_OFFSETS: usize = memory.data(4 + (4 << 5), 8);
const PREDEFINED_MATCHES: usize = memory.data(4 + (4 << 6), 8);
const OWN_LITERALS: usize = memory.data(4 + (4 << 9), 8);
const OWN_OFFSETS: usize = memory.data(4 + (4 << 8), 8);
const OWN_MATCHES: usize = memory.data(4 + (4 << 9), 8);

/** The tables in use; 0 before a block named one. */
let literalTable: usize = 0;
let offsetTable: usize = 0;
let matchTable: usize = 0;
/** The last three offsets. */
let repeat1: u32 = 1;
let repeat2: u32 = 4;
let repeat3: u32 = 8;
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
  build(PREDEFINED_LITERALS, LITERAL_SHARES, 36, 6);
  build(PREDEFINED_OFFSETS, OFFSET_SHARES, 29, 5);
  build(PREDEFINED_MATCHES, MATCH_SHARES, 53, 6);
  fillLengths(LITERAL_LENGTHS, 0, 16, LITERAL_EXTRA, 20);
  fillLengths(MATCH_LENGTHS, 3, 32, MATCH_EXTRA, 21);
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
  let next = readMode(modes >> 6, at, end, PREDEFINED_LITERALS, OWN_LITERALS, 9, 36, literalTable);
  if (next === 0) return 0;
  literalTable = chosen;
  next = readMode((modes >> 4) & 3, next, end, PREDEFINED_OFFSETS, OWN_OFFSETS, 8, 32, offsetTable);
  if (next === 0) return 0;
  offsetTable = chosen;
  next = readMode((modes >> 2) & 3, next, end, PREDEFINED_MATCHES, OWN_MATCHES, 9, 53, matchTable);
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
  current: usize,
): usize {
  chosen = mode === 0 ? predefined : mode === 3 ? current : own;
  if (mode === 0) return at;
  if (mode === 3) return current === 0 ? 0 : at;
  if (mode === 2) return readTable(own, at, end, mostAccuracy, symbols);
  if (at >= end || <i32>load<u8>(at) >= symbols) return 0;
  setSingle(own, load<u8>(at));
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
  let literalState = firstState(literalTable, start, left);
  left -= accuracyOf(literalTable);
  let offsetState = firstState(offsetTable, start, left);
  left -= accuracyOf(offsetTable);
  let matchState = firstState(matchTable, start, left);
  left -= accuracyOf(matchTable);
  let done = from;
  let literalAt = literals;
  for (let n = 0; n < count; n++) {
    const offsetCode: i32 = offsetState >>> 24;
    if (offsetCode > 31) return 0;
    const offsetValue: u32 = ((<u32>1) << offsetCode) + bitsBefore(start, left, offsetCode);
    left -= offsetCode;
    const matchCode = load<u32>(MATCH_LENGTHS + 4 * (matchState >>> 24));
    const matchExtra: i32 = matchCode >>> 24;
    const matchLength = (matchCode & 0xff_ffff) + bitsBefore(start, left, matchExtra);
    left -= matchExtra;
    const literalCode = load<u32>(LITERAL_LENGTHS + 4 * (literalState >>> 24));
    const literalExtra: i32 = literalCode >>> 24;
    const literalLength = (literalCode & 0xff_ffff) + bitsBefore(start, left, literalExtra);
    left -= literalExtra;
    if (n + 1 < count) {
      // At most 9 + 9 + 8 bits.
      const literalBits: i32 = (literalState >>> 16) & 0xff;
      const matchBits: i32 = (matchState >>> 16) & 0xff;
      const offsetBits: i32 = (offsetState >>> 16) & 0xff;
      const bits = bitsBefore(start, left, literalBits + matchBits + offsetBits);
      left -= literalBits + matchBits + offsetBits;
      literalState = stateOf(literalTable, (literalState & 0xffff) + (bits >>> (matchBits + offsetBits)));
      matchState = stateOf(
        matchTable,
        (matchState & 0xffff) + ((bits >>> offsetBits) & ((1 << matchBits) - 1)),
      );
      offsetState = stateOf(offsetTable, (offsetState & 0xffff) + (bits & ((1 << offsetBits) - 1)));
    }
    if (literalAt + literalLength > literalsEnd || done + literalLength + matchLength > limit) return 0;
    copyWords(done, literalAt, literalLength);
    done += literalLength;
    literalAt += literalLength;
    const offset = takeOffset(offsetValue, literalLength === 0);
    if (offset === 0 || <usize>offset > done - OUTPUT) return 0;
    if (offset < 8) copyNear(done, offset, matchLength);
    else {
      for (let n: usize = 0; n < matchLength; n += 8) store<u64>(done + n, load<u64>(done - offset + n));
    }
    done += matchLength;
  }
  const rest = literalsEnd - literalAt;
  if (left !== 0 || done + rest > limit) return 0;
  copyWords(done, literalAt, rest);
  return done + rest;
}

/** The offset that a sequence means, and how it changes the last three. */
function takeOffset(value: u32, noLiterals: bool): u32 {
  const first = repeat1;
  const index: u32 = value > 3 ? 3 : value - 1 + (noLiterals ? 1 : 0);
  if (index === 0) return first;
  const offset = value > 3 ? value - 3 : index === 3 ? first - 1 : index === 2 ? repeat3 : repeat2;
  if (index >= 2) repeat3 = repeat2;
  repeat2 = first;
  repeat1 = offset;
  return offset;
}
