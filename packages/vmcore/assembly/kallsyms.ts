/** The loop over names of kallsyms, as `describe/kallsyms_names.ts` does it; see `TableLoops`. */

const TOKENS: usize = 256;

/**
 * Enters names by their hashes while `walk`, the place of the next and its number, is under `stop` and `count`; both
 * go on. False where a name is empty or ends past `size`.
 */
export function enterNames(
  walk: usize,
  names: usize,
  stop: i32,
  size: i32,
  count: i32,
  tokens: usize,
  heads: usize,
  mask: i32,
  next: usize,
): bool {
  let at = load<i32>(walk);
  let n = load<i32>(walk, 4);
  let sound = true;
  for (; n < count && at < stop; n++) {
    let start = at;
    let length: i32 = load<u8>(names + start++);
    if (length > 0x7f) length = (length & 0x7f) | ((<i32>load<u8>(names + start++)) << 7);
    const end = start + length;
    if (length === 0 || end > size) {
      sound = false;
      break;
    }
    let hash = load<i32>(tokens + ((<usize>load<u8>(names + start)) << 2), TOKENS * 8);
    for (let token = start + 1; token < end; token++) {
      const place = tokens + ((<usize>load<u8>(names + token)) << 2);
      hash = hash * load<i32>(place, TOKENS * 4) + load<i32>(place);
    }
    const bucket = heads + ((<usize>(hash & mask)) << 2);
    store<i32>(next + ((<usize>n) << 2), load<i32>(bucket));
    store<i32>(bucket, n);
    at = end;
  }
  store<i32>(walk, at);
  store<i32>(walk, n, 4);
  return sound;
}
