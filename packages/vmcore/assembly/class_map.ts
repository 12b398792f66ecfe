/** Loops over the classes of page frames, as `pages/class_map.ts` does them. */

/** The first place of `[from, end)` whose class is wanted, or with `not` whose is not; `end` where there is none. */
export function nextClass(classes: usize, from: i32, end: i32, wanted: usize, not: bool): i32 {
  let at = from;
  while (at < end) {
    const value = load<u8>(classes + at);
    if ((load<u8>(wanted + value) !== 0) !== not) return at;
    at++;
    // Most of memory comes in long runs of one class.
    const four = <u32>value * 0x0101_0101;
    const eight = ((<u64>four) << 32) | <u64>four;
    while (at + 8 <= end && load<u64>(classes + at) === eight) at += 8;
  }
  return end;
}

/** Adds up how often each class comes. */
export function countClasses(classes: usize, count: i32, counts: usize): void {
  for (let at = 0; at < count; at++) {
    const place = counts + ((<usize>load<u8>(classes + at)) << 2);
    store<u32>(place, load<u32>(place) + 1);
  }
}
