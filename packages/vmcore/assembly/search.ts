/** The search for addresses of pages, as `pages/references.ts` does it; see `TableLoops.search`. */

const HEAD: u32 = 1;
const MEMBER: u32 = 2;
const ADDRESS: u32 = 4;
const PAGE: u32 = 8;
/** Bytes of a part of the memory map: where it lies, how long it is, its first frame. */
const PART: usize = 24;

/** What `compiled/tables.ts` writes: where everything lies. */
@unmanaged
class Search {
  direct: u64;
  directLength: u64;
  pageBits: u64;
  structBytes: u64;
  frames: u64;
  kinds: usize;
  parts: usize;
  partsEnd: usize;
}

/** Looks at each word of `[at, end)`. */
export function searchPages(tables: usize, at: usize, end: usize): void {
  const search = changetype<Search>(tables);
  const inPage = ((<u64>1) << search.pageBits) - 1;
  // Nearly all words are below every range.
  const lowest = lowestOf(search);
  for (; at < end; at += 8) {
    const word = load<u64>(at);
    if (word < lowest) continue;
    const offset = word - search.direct;
    if (offset < search.directLength) {
      const frame = offset >>> search.pageBits;
      if ((offset & inPage) === 0 && frame < search.frames) mark(search.kinds + <usize>frame, HEAD, ADDRESS);
      continue;
    }
    // The lowest two bits mark the ends of scatter lists, and netmem.
    const clean = word & ~3;
    for (let part = search.parts; part < search.partsEnd; part += PART) {
      const within = clean - load<u64>(part);
      if (within >= load<u64>(part, 8)) continue;
      const frame = load<u64>(part, 16) + within / search.structBytes;
      if (within % search.structBytes === 0 && frame < search.frames)
        mark(search.kinds + <usize>frame, MEMBER, PAGE);
      break;
    }
  }
}

function lowestOf(search: Search): u64 {
  let lowest = search.direct;
  for (let part = search.parts; part < search.partsEnd; part += PART) lowest = min(lowest, load<u64>(part));
  return lowest;
}

function mark(kind: usize, only: u32, how: u32): void {
  const value: u32 = load<u8>(kind);
  if ((value & only) !== 0) store<u8>(kind, value | how);
}
