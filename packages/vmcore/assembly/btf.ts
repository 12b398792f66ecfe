/** Loops over the types of a BTF blob, as `describe/btf_index.ts` does them; see `TableLoops`. */

/** Words of `struct btf_type`. */
const TYPE_WORDS: i32 = 3;
const KINDS: usize = 128;
/** No name is longer. */
const NAME_LIMIT: u32 = 1024;

function kindOf(info: u32): usize {
  return (info >>> 24) & 0x7f;
}

/** Finds where types start: `walk` is the word to begin at, and the number of types before it; both go on. */
export function walkTypes(walk: usize, words: usize, stop: i32, sizes: usize, starts: usize): bool {
  let at = load<i32>(walk);
  let count = load<i32>(walk, 4);
  let known = true;
  while (at + TYPE_WORDS <= stop) {
    const info = load<u32>(words + ((<usize>at) << 2), 4);
    const kind = kindOf(info);
    const fixed: i32 = load<i16>(sizes + (kind << 1));
    if (fixed < 0) {
      known = false;
      break;
    }
    const items: i32 = info & 0xff_ffff;
    store<i32>(starts + ((<usize>count) << 2), at);
    count++;
    at += TYPE_WORDS + fixed + load<i16>(sizes + ((KINDS + kind) << 1)) * items;
  }
  store<i32>(walk, at);
  store<i32>(walk, count, 4);
  return known;
}

/** What `describe/btf_index.ts` puts into an `Int32Array`: where everything lies. */
@unmanaged
class TypeNames {
  words: usize;
  starts: usize;
  kinds: usize;
  strings: usize;
  stringsLength: u32;
  present: usize;
  /** From the string section's start back to the start of the page it begins in. */
  skew: u32;
  heads: usize;
  tails: usize;
  next: usize;
  mask: i32;
}

/** Enters types by their names; stops at one whose name is not there to read. Returns how far it came. */
export function enterTypes(tables: usize, first: i32, end: i32): i32 {
  const names = changetype<TypeNames>(tables);
  for (let n = first; n < end; n++) {
    const type = names.words + ((<usize>load<u32>(names.starts + ((<usize>n) << 2))) << 2);
    const name = load<u32>(type);
    if (name === 0 || load<u8>(names.kinds + kindOf(load<u32>(type, 4))) === 0) continue;
    const limit = min(names.stringsLength, name + NAME_LIMIT);
    let at = name;
    let hash: i32 = 0;
    let byte: i32 = 1;
    while (byte !== 0) {
      const page = (at + names.skew) >>> 12;
      const stop = min(limit, ((page + 1) << 12) - names.skew);
      if (at >= limit || load<u8>(names.present + page) === 0) return n;
      for (; at < stop; at++) {
        byte = load<u8>(names.strings + at);
        if (byte === 0) break;
        hash = hash * 31 + byte;
      }
    }
    const bucket = (<usize>(hash & names.mask)) << 2;
    const tail = load<i32>(names.tails + bucket);
    if (tail >= n) continue;
    if (tail < 0) store<i32>(names.heads + bucket, n);
    else store<i32>(names.next + ((<usize>tail) << 2), n);
    store<i32>(names.tails + bucket, n);
  }
  return end;
}
