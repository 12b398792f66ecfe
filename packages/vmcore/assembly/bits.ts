/**
 * The last `count` bits, at most 31, of those that are `left` of a stream that is read from its end to its start; bits
 * before its start read as zero.
 */
export function bitsBefore(start: usize, left: i32, count: i32): u32 {
  const at = left - count;
  if (at < 0) return left <= 0 ? 0 : (load<u32>(start) & ((1 << left) - 1)) << -at;
  return <u32>(load<u64>(start + (at >>> 3)) >>> (at & 7)) & ((1 << count) - 1);
}

/** How many bits a stream in `[start, end)` has: the highest set bit of its last byte ends it. -1 where none is. */
export function streamBits(start: usize, end: usize): i32 {
  const last: u32 = end > start ? load<u8>(end - 1) : 0;
  return last === 0 ? -1 : <i32>(end - start) * 8 - (clz<u32>(last) - 23);
}

/**
 * The last of the `left` bits of such a stream, at least 57 of them, from the highest bit on; what follows its start
 * means nothing. Looks at 8 bytes before the start.
 */
export function windowBefore(start: usize, left: i32): u64 {
  const last = (left + 7) >>> 3;
  return load<u64>(start + last - 8) << ((last << 3) - left);
}
