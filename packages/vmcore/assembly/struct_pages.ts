/** The pass over struct pages, as `pages/flag_pass.ts` does it, as far as no page wants more than a class. */

const ANON: u32 = 1;
const MOVED: u32 = 2;
const POOL_HIGH: u32 = 0xdead_0000;
const POOL_LOW: u32 = 0x40;
const ABSENT: u32 = 0xffff_ffff;

/** What `compiled/tables.ts` writes. Places in a struct page are in bytes. */
@unmanaged
class StructPages {
  size: u32;
  flags: u32;
  compound: u32;
  mapping: u32;
  mapcount: u32;
  pool: u32;
  reserved: u32;
  /** Poisoned, head of a block, slab: for the caller to look at. */
  special: u32;
  taken: u32;
  isPrivate: u32;
  backed: u32;
  lru: u32;
  /** Class of each of 256 highest bytes of `page_type`; 0 where bits tell the type. */
  byteClasses: usize;
  bitBase: u32;
  /** Pairs of a bit and a class. */
  bits: usize;
  bitsEnd: usize;
  /** The block that is being passed: one past its last page of these, its class, its head's address, 1 if it is free. */
  blockEnd: i32;
  blockClass: u32;
  head: u32;
  isFree: u32;
  isReserved: u8;
  isAnonymous: u8;
  isMovable: u8;
  isShared: u8;
  isPrivateCache: u8;
  isCache: u8;
  isSocket: u8;
  isMapped: u8;
  isFreeClass: u8;
  isSlab: u8;
  isUnidentified: u8;
  refcount: u32;
}

/** Puts classes of pages `[n, count)` into `classes`; returns the first page that the caller must look at. */
export function passPages(tables: usize, pages: usize, n: i32, count: i32, classes: usize): i32 {
  const layout = changetype<StructPages>(tables);
  while (n < count) {
    const page = pages + <usize>n * layout.size;
    if (n < layout.blockEnd) {
      if (!inBlock(layout, page)) return n;
      n++;
      continue;
    }
    const value = classOf(layout, page);
    if (value === 0) return n;
    store<u8>(classes + n, value);
    n++;
  }
  return n;
}

function inBlock(layout: StructPages, page: usize): bool {
  if (layout.isFree === 0) {
    const low = load<u32>(page + layout.compound);
    return low === layout.head || ((low & 1) !== 0 && load<u32>(page + layout.compound, 4) === 0xffff_ffff);
  }
  if ((load<u32>(page + layout.flags) & layout.taken) !== 0) return false;
  const typed = classOfType(layout, load<u32>(page + layout.mapcount));
  return typed === 0 || typed === layout.blockClass;
}

/** 0 for none. */
function classOfType(layout: StructPages, word: u32): u32 {
  if (word === 0xffff_ffff) return 0;
  if (layout.byteClasses !== 0) return load<u8>(layout.byteClasses + (word >>> 24));
  if ((word & layout.bitBase) !== layout.bitBase) return 0;
  for (let at = layout.bits; at < layout.bitsEnd; at += 8)
    if ((word & load<u32>(at)) === 0) return load<u32>(at, 4);
  return 0;
}

/** The class of a page on its own; 0 where the caller has more to do. */
function classOf(layout: StructPages, page: usize): u32 {
  const flags = load<u32>(page + layout.flags);
  if ((flags & layout.special) !== 0) return 0;
  if ((flags & layout.reserved) !== 0) return layout.isReserved;
  const mapcount = load<u32>(page + layout.mapcount);
  const typed = classOfType(layout, mapcount);
  if (typed !== 0) return typed === layout.isFreeClass || typed === layout.isSlab ? 0 : typed;
  if ((load<u32>(page + layout.compound) & 1) !== 0) return 0;
  const low = load<u32>(page + layout.mapping);
  if ((low & ANON) !== 0) return layout.isAnonymous;
  if ((low & MOVED) !== 0) return layout.isMovable;
  if (low !== 0 || load<u32>(page + layout.mapping, 4) !== 0) {
    if ((flags & layout.backed) !== 0) return layout.isShared;
    return (flags & layout.isPrivate) !== 0 ? layout.isPrivateCache : layout.isCache;
  }
  if ((flags & layout.backed) !== 0) return layout.isAnonymous;
  if ((flags & layout.lru) !== 0) return layout.isCache;
  if (layout.pool !== ABSENT && load<u32>(page + layout.pool, 4) === POOL_HIGH) {
    if ((load<u32>(page + layout.pool) & ~3) === POOL_LOW) return layout.isSocket;
  }
  if (mapcount < 0x8000_0000) return layout.isMapped;
  // The caller collects those that have one owner.
  return load<u32>(page + layout.refcount) === 1 ? 0 : layout.isUnidentified;
}
