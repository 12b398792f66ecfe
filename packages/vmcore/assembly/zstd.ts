import { copyWords } from './copy';
import { decodeLiterals, forgetCode, hasCode, readCode } from './huffman';
import { DAMAGED, INPUT, OUTPUT, PADDING } from './room';
import { beginSequences, readTables, runSequences } from './sequences';

/** Zstandard decompression (RFC 8878), as `codecs/zstd/zstd.ts` does it. */

const MAGIC: u32 = 0xfd2f_b528;
const MOST_BLOCK: usize = 128 << 10;

const LITERALS: usize = memory.data((128 << 10) + PADDING, 16);
let literalsEnd: usize = LITERALS;

/** Decompresses a frame. Returns the number of bytes, or `DAMAGED`. */
export function zstd(inputLength: i32, room: i32): i32 {
  const end = INPUT + inputLength;
  const limit = OUTPUT + room;
  forgetCode();
  beginSequences();
  if (inputLength < 6 || load<u32>(INPUT) !== MAGIC) return DAMAGED;
  const descriptor: u32 = load<u8>(INPUT + 4);
  if ((descriptor & 3) !== 0) return DAMAGED;
  const isSingle = (descriptor & 0x20) !== 0;
  const sizeCode = descriptor >> 6;
  const sizeBytes: usize = sizeCode === 0 ? (isSingle ? 1 : 0) : 1 << sizeCode;
  let at = INPUT + 5 + (isSingle ? 0 : 1) + sizeBytes;
  let done = OUTPUT;
  for (let isLast = false; !isLast; ) {
    if (at + 3 > end) return DAMAGED;
    const header = load<u32>(at) & 0xff_ffff;
    isLast = (header & 1) === 1;
    const type = (header >> 1) & 3;
    const size: usize = header >> 3;
    at += 3;
    const stored: usize = type === 1 ? 1 : size;
    if (at + stored > end || size > MOST_BLOCK || type === 3) return DAMAGED;
    if (type === 2) {
      done = block(at, at + size, done, limit);
      if (done === 0) return DAMAGED;
    } else {
      if (done + size > limit) return DAMAGED;
      if (type === 0) copyWords(done, at, size);
      else memory.fill(done, load<u8>(at), size);
      done += size;
    }
    at += stored;
  }
  return <i32>(done - OUTPUT);
}

/** Decompresses a block in `[at, end)`; returns where the output ends, 0 for damage. */
function block(at: usize, end: usize, done: usize, limit: usize): usize {
  let next = readLiterals(at, end);
  if (next === 0 || next >= end) return 0;
  let count: i32 = load<u8>(next++);
  if (count >= 128) {
    const low: i32 = load<u8>(next++);
    if (count < 255) count = ((count - 128) << 8) + low;
    else count = low + ((<i32>load<u8>(next++)) << 8) + 0x7f00;
  }
  if (next > end) return 0;
  if (count === 0) {
    const size = literalsEnd - LITERALS;
    if (done + size > limit) return 0;
    copyWords(done, LITERALS, size);
    return done + size;
  }
  const modes: u32 = next < end ? load<u8>(next++) : 0;
  next = readTables(modes, next, end);
  if (next === 0 || next > end) return 0;
  return runSequences(next, end, count, LITERALS, literalsEnd, done, limit);
}

/** Fills the literals from their section at `at`; returns where it ends, 0 for damage. */
function readLiterals(at: usize, end: usize): usize {
  const type = load<u8>(at) & 3;
  const format: u32 = (load<u8>(at) >> 2) & 3;
  return type < 2 ? plainLiterals(at, end, type, format) : codedLiterals(at, end, type, format);
}

function plainLiterals(at: usize, end: usize, type: u32, format: u32): usize {
  const word = load<u32>(at);
  let start = at + 1;
  let count: usize = (word & 0xff) >> 3;
  if (format === 1) {
    start = at + 2;
    count = (word & 0xffff) >> 4;
  } else if (format === 3) {
    start = at + 3;
    count = (word & 0xff_ffff) >> 4;
  }
  const next = start + (type === 0 ? count : 1);
  if (count > MOST_BLOCK || next > end) return 0;
  if (type === 0) copyWords(LITERALS, start, count);
  else memory.fill(LITERALS, load<u8>(start), count);
  literalsEnd = LITERALS + count;
  return next;
}

function codedLiterals(at: usize, end: usize, type: u32, format: u32): usize {
  // Two counts of 10, 14 or 18 bits after the first four bits.
  const bits: u32 = format < 2 ? 10 : format === 2 ? 14 : 18;
  const counts = load<u64>(at) >>> 4;
  const count = <usize>(counts & ((1 << bits) - 1));
  const size = <usize>((counts >>> bits) & ((1 << bits) - 1));
  let start = at + (format < 2 ? 3 : format + 2);
  const next = start + size;
  if (count > MOST_BLOCK || next > end) return 0;
  if (type === 2) start = readCode(start, next);
  if (start === 0 || !hasCode()) return 0;
  literalsEnd = LITERALS + count;
  if (format === 0) return decodeLiterals(start, next, LITERALS, literalsEnd) ? next : 0;
  return fourStreams(start, next, count) ? next : 0;
}

function fourStreams(start: usize, end: usize, count: usize): bool {
  const part = (count + 3) >> 2;
  if (start + 6 > end || part * 3 > count) return false;
  let from = start + 6;
  let to = LITERALS;
  for (let n: usize = 0; n < 4; n++) {
    const next = n < 3 ? from + load<u16>(start + 2 * n) : end;
    if (next > end) return false;
    const stop = n < 3 ? to + part : literalsEnd;
    if (!decodeLiterals(from, next, to, stop)) return false;
    from = next;
    to = stop;
  }
  return true;
}
