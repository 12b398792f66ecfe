import { copyNear } from './copy';
import { DAMAGED, INPUT, OUTPUT } from './room';

/** Decompresses LZO1X, as `codecs/lzo.ts` does. Returns the number of bytes, or `DAMAGED`. */
export function lzo(inputLength: i32, room: i32): i32 {
  const end = INPUT + inputLength;
  const limit = OUTPUT + room;
  const first: u32 = inputLength > 0 ? load<u8>(INPUT) : 0;
  let at = INPUT;
  let done = OUTPUT;
  // Literals to copy before the next instruction.
  let literals: usize = 0;
  // How many there were, 4 for a long run: it says what a byte under 16 means.
  let state: usize = 0;
  if (first > 17) {
    literals = first - 17;
    state = min<usize>(literals, 4);
    at++;
  }
  while (true) {
    if (literals > 0) {
      if (at + literals > end || done + literals > limit) return DAMAGED;
      for (let n: usize = 0; n < literals; n += 8) store<u64>(done + n, load<u64>(at + n));
      at += literals;
      done += literals;
    }
    if (at >= end) return DAMAGED;
    const code: usize = load<u8>(at++);
    let length: usize;
    let distance: usize;
    if (code >= 64) {
      length = (code >> 5) + 1;
      distance = ((code >> 2) & 7) + ((<usize>load<u8>(at++)) << 3) + 1;
      literals = code & 3;
    } else if (code >= 16) {
      const isFar = code < 32;
      const mask: usize = isFar ? 7 : 31;
      length = (code & mask) + 2;
      if (length === 2) {
        const last = lastOfLength(at, end);
        if (last >= end) return DAMAGED;
        length += mask + (last - at) * 255 + load<u8>(last);
        at = last + 1;
      }
      const low: usize = load<u16>(at);
      at += 2;
      distance = (low >> 2) + (isFar ? (code & 8) << 11 : 1);
      literals = low & 3;
      if (isFar && distance === 0) return at <= end ? <i32>(done - OUTPUT) : DAMAGED;
      if (isFar) distance += 16384;
    } else if (state === 0) {
      literals = code + 3;
      if (code === 0) {
        const last = lastOfLength(at, end);
        if (last >= end) return DAMAGED;
        literals = 18 + (last - at) * 255 + load<u8>(last);
        at = last + 1;
      }
      state = 4;
      continue;
    } else {
      length = state === 4 ? 3 : 2;
      distance = (code >> 2) + ((<usize>load<u8>(at++)) << 2) + (state === 4 ? 2049 : 1);
      literals = code & 3;
    }
    if (at > end || distance > done - OUTPUT || done + length > limit) return DAMAGED;
    if (distance < 8) copyNear(done, distance, length);
    else {
      for (let n: usize = 0; n < length; n += 8) store<u64>(done + n, load<u64>(done - distance + n));
    }
    done += length;
    state = literals;
  }
}

/** A length that goes on: each zero byte adds 255, and the first other byte ends it. Where that one is. */
function lastOfLength(from: usize, end: usize): usize {
  let at = from;
  while (at < end && load<u8>(at) === 0) at++;
  return at;
}
