/** Loops over the classes of page frames, as `pages/class_map.ts` does them. */

/** The first place of `[from, end)` whose class is wanted, or with `not` whose is not; `end` where there is none. */
export function nextClass(classes: usize, from: i32, end: i32, wanted: usize, not: bool): i32 {
  let at = from;
  while (at < end && (load<u8>(wanted + load<u8>(classes + at)) !== 0) === not) at++;
  return at;
}

/** Adds up how often each class comes. */
export function countClasses(classes: usize, count: i32, counts: usize): void {
  for (let at = 0; at < count; at++) {
    const place = counts + ((<usize>load<u8>(classes + at)) << 2);
    store<u32>(place, load<u32>(place) + 1);
  }
}
