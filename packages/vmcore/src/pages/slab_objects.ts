import {
  addTo,
  type Frame,
  hexAddress,
  type PhysicalAddress,
  type VirtualAddress,
} from '../bytes/address.ts';
import { highHalf, lowHalf, u32, u64Big } from '../bytes/cursor.ts';
import { DumpError } from '../bytes/errors.ts';
import { wordsOf } from '../bytes/words.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { attempt } from '../kernel/attempt.ts';
import { listEntries } from '../kernel/list.ts';
import { perCpu } from '../kernel/percpu.ts';
import { slabBarns } from '../kernel/slab.ts';
import type { Classification } from './classification.ts';
import type { DirectMap } from './direct_map.ts';
import { classIndex } from './page_class.ts';
import { StructPages } from './struct_pages.ts';

/** A slab: pages with objects of one cache. */
export interface Slab {
  readonly frame: Frame;
  readonly order: number;
}

/** The slabs of one cache. */
export interface CacheSlabs {
  readonly name: string;
  readonly address: VirtualAddress;
  /** Bytes from object to object, and of an object. */
  readonly size: number;
  readonly objectBytes: number;
  readonly slabs: readonly Slab[];
}

const SLAB = classIndex('slab');
const UNIDENTIFIED = classIndex('unidentified');

/** A free object has room for the link to the next. */
const LEAST_OBJECT = 8;

/**
 * Slabs by their cache: each tells its own in its struct page. The cache is the second witness: where it is none of
 * the kernel's, the pages are not kept as slabs.
 */
export function slabsByCache(into: Classification): Map<string, CacheSlabs[]> {
  const byName = new Map<string, CacheSlabs[]>();
  let doubtful = 0;
  for (const [address, slabs] of slabsByAddress(into)) {
    const cache = attempt(into.findings, 'A cache of slabs', () => readCache(into.dump, address));
    if (cache !== undefined) byName.set(cache.name, [...(byName.get(cache.name) ?? []), { ...cache, slabs }]);
    else if (!isAbsent(into.dump, address)) doubtful += dropSlabs(into, slabs);
  }
  if (doubtful > 0) {
    into.findings.push(`${doubtful} pages of slabs do not lead to a cache of the kernel, and are not kept`);
  }
  return byName;
}

function slabsByAddress(into: Classification): Map<VirtualAddress, Slab[]> {
  const { dump, slabs } = into;
  const cacheAt = dump.types.offsetof(slabType(dump), 'slab_cache');
  const pages = new StructPages(into);
  const found = new Map<VirtualAddress, Slab[]>();
  for (let n = 0; n < slabs.frames.length; n++) {
    const frame = slabs.frames[n] as Frame;
    if (!pages.find(frame)) continue;
    const cache = u64Big(pages.bytes, pages.at + cacheAt) as VirtualAddress;
    const list = found.get(cache);
    const slab = { frame, order: slabs.orders[n] as number };
    if (list === undefined) found.set(cache, [slab]);
    else list.push(slab);
  }
  return found;
}

/** What a slab is described by: its own type since 5.17 (d122019bf061). */
function slabType(dump: Dump): 'slab' | 'page' {
  return dump.types.has('slab', 'slab_cache') ? 'slab' : 'page';
}

/** A cache, which is one where a neighbour in the kernel's list says so. Throws what reading memory throws. */
function readCache(dump: Dump, address: VirtualAddress): Omit<CacheSlabs, 'slabs'> {
  const { name, size, objectBytes, list } = dump.reader('kmem_cache', NAMED)(address);
  const [next, previous] = [dump.memory.pointer(list), dump.memory.pointer(addTo(list, 8))];
  const isListed = next !== list && (pointsTo(dump, addTo(next, 8), list) || pointsTo(dump, previous, list));
  if (!isListed || objectBytes < 1 || size < Math.max(objectBytes, LEAST_OBJECT)) {
    throw new DumpError('bad-format', `There is none at ${hexAddress(address)}`);
  }
  return { name: dump.memory.cString(name, 256), address, size, objectBytes };
}

function pointsTo({ memory }: Dump, at: VirtualAddress, to: VirtualAddress): boolean {
  const bytes = memory.tryRead(at, 8);
  return bytes !== undefined && u64Big(bytes, 0) === to;
}

/** Whether there may be a cache that the dump lacks. */
function isAbsent({ memory }: Dump, cache: VirtualAddress): boolean {
  return memory.translate(cache) !== undefined && memory.tryRead(cache, 8) === undefined;
}

function dropSlabs({ classes }: Classification, slabs: readonly Slab[]): number {
  let pages = 0;
  for (const { frame, order } of slabs) {
    for (let n = 0; n < 2 ** order; n++) {
      if (classes.get(frame + n) !== SLAB) continue;
      classes.set(frame + n, UNIDENTIFIED);
      pages++;
    }
  }
  return pages;
}

const NAMED = {
  name: field.pointer('name'),
  size: field.number('size'),
  objectBytes: field.number('object_size'),
  list: field.address('list'),
};
const CACHE = {
  offset: field.number('offset'),
  random: field.optional(field.big('random')),
  padding: field.optional(field.number('red_left_pad')),
  cpus: field.optional(field.pointer('cpu_slab')),
  sheaves: field.optional(field.pointer('cpu_sheaves')),
};
const CPU_SLAB = { freelist: field.pointer('freelist') };

/** Objects of a cache by their physical addresses. */
export interface SlabObjects {
  readonly used: () => PhysicalAddress[];
  readonly free: readonly PhysicalAddress[];
  /** Bytes from an object's start to the word that links the free ones. */
  readonly linkAt: number;
  /** What is left of each slab behind its last object. */
  readonly rests: readonly { readonly start: PhysicalAddress; readonly length: number }[];
}

/**
 * Which objects of a cache are in use. The lists of free ones are followed as far as they make sense.
 */
export function slabObjects(into: Classification, map: DirectMap, cache: CacheSlabs): SlabObjects {
  const { dump } = into;
  const { offset, random, padding = 0, cpus, sheaves } = dump.reader('kmem_cache', CACHE)(cache.address);
  const { slabs, total, rests, lists } = objectsOf(into, map, cache, padding);
  const next = linkReader(dump, map, offset, random);
  const free = new Set<PhysicalAddress>();
  if (sheaves !== undefined && sheaves !== 0n) {
    for (const sheaf of sheavesOf(dump, sheaves, cache.address)) takeSheaf(dump, map, sheaf, free);
  }
  // There are no more free objects than objects, and those of sheaves are some of them.
  const most = total + free.size;
  if (cpus !== undefined && cpus !== 0n) {
    for (const cpu of perCpu(dump).possible) {
      const { freelist } = dump.reader('kmem_cache_cpu', CPU_SLAB)(perCpu(dump).pointer(cpus, cpu));
      follow(map.physical(freelist), next, free, most);
    }
  }
  for (const list of lists) follow(list, next, free, most);
  return {
    used: () => slabs.flatMap((slab) => objectsIn(slab, cache.size).filter((at) => !free.has(at))),
    free: amongObjects(free, slabs, cache.size),
    linkAt: offset,
    rests,
  };
}

/** Where the first object of a slab lies, and how many there are. */
interface ObjectRun {
  readonly start: PhysicalAddress;
  readonly count: number;
}

function objectsIn({ start, count }: ObjectRun, size: number): PhysicalAddress[] {
  return Array.from({ length: count }, (_, n) => start + n * size);
}

/** Which of these are where an object begins, ascending, as the slabs are. */
function amongObjects(
  places: ReadonlySet<PhysicalAddress>,
  slabs: readonly ObjectRun[],
  size: number,
): PhysicalAddress[] {
  const sorted = Float64Array.from(places).sort();
  const found: PhysicalAddress[] = [];
  let n = 0;
  for (const { start, count } of slabs) {
    const end = start + count * size;
    while (n < sorted.length && (sorted[n] as number) < start) n++;
    for (; n < sorted.length && (sorted[n] as number) < end; n++) {
      const at = sorted[n] as number;
      // In 32 bits: QuickJS takes long for other remainders.
      if (((at - start) | 0) % size === 0) found.push(at);
    }
  }
  return found;
}

/** The slabs of a cache that have objects, what is left of its slabs behind the last, and the first free object of each. */
function objectsOf(into: Classification, map: DirectMap, cache: CacheSlabs, padding: number) {
  const { dump } = into;
  const { pageSize } = dump.physical;
  const type = slabType(dump);
  const freelistAt = dump.types.offsetof(type, 'freelist');
  // Bits of a word that also has how many are in use.
  const objects = dump.types.place(type, 'objects');
  const shift = objects.bitOffset % 32;
  const wordAt = (objects.bitOffset - shift) / 8;
  const most = 2 ** (objects.bitSize || 16) - 1;
  const pages = new StructPages(into);
  const slabs: ObjectRun[] = [];
  let total = 0;
  const rests: { start: PhysicalAddress; length: number }[] = [];
  const lists: (PhysicalAddress | undefined)[] = [];
  for (const { frame, order } of cache.slabs) {
    if (!pages.find(frame)) continue;
    const list = pages.at + freelistAt;
    lists.push(map.physicalHalves(u32(pages.bytes, list + 4), u32(pages.bytes, list)));
    const bytes = 2 ** order * pageSize;
    const told = (u32(pages.bytes, pages.at + wordAt) >>> shift) & most;
    const count = Math.min(told, Math.floor(bytes / cache.size));
    const start = frame * pageSize;
    slabs.push({ start: start + padding, count });
    total += count;
    const rest = bytes - count * cache.size;
    if (rest > 0) rests.push({ start: start + count * cache.size, length: rest });
  }
  return { slabs, total, rests, lists };
}

const SHEAVES = {
  main: field.pointer('main'),
  spare: field.pointer('spare'),
  late: field.pointer('rcu_free'),
};
const SHEAF = { count: field.number('size'), objects: field.address('objects') };
/** `sheaf_capacity` is 32 to some hundreds. */
const MOST_IN_SHEAF = 4096;
const MOST_SHEAVES = 4096;

/** Sheaves of free objects that CPUs and nodes keep, since 6.18 (2d517aa09bbc). */
function sheavesOf(dump: Dump, cpus: VirtualAddress, cache: VirtualAddress): VirtualAddress[] {
  const found: VirtualAddress[] = [];
  for (const cpu of perCpu(dump).possible) {
    const { main, spare, late } = dump.reader(
      'slub_percpu_sheaves',
      SHEAVES,
    )(perCpu(dump).pointer(cpus, cpu));
    found.push(main, spare, late);
  }
  for (const barn of slabBarns(dump, cache)) {
    const full = addTo(barn, dump.types.offsetof('node_barn', 'sheaves_full'));
    found.push(...listEntries(dump, full, 'slab_sheaf', 'barn_list', MOST_SHEAVES).entries);
  }
  return found.filter((at) => at !== 0n);
}

function takeSheaf(dump: Dump, map: DirectMap, sheaf: VirtualAddress, free: Set<PhysicalAddress>): void {
  const { count, objects } = dump.reader('slab_sheaf', SHEAF)(sheaf);
  const bytes = dump.memory.read(objects, Math.min(count, MOST_IN_SHEAF) * 8);
  for (let n = 0; n + 8 <= bytes.length; n += 8) {
    const physical = map.physical(u64Big(bytes, n));
    if (physical !== undefined) free.add(physical);
  }
}

/** The next free object behind one, by physical addresses; undefined at the end, and where it makes no sense. */
type Follow = (object: PhysicalAddress) => PhysicalAddress | undefined;

const TWO_32 = 0x1_0000_0000;

/**
 * `get_freepointer`: plain, or mixed with a secret and its own place (`CONFIG_SLAB_FREELIST_HARDENED`, and since 5.7
 * that place's bytes in the other order). All in halves: there are tens of thousands of free objects.
 */
function linkReader(dump: Dump, map: DirectMap, offset: number, random: bigint | undefined): Follow {
  const { physical } = dump;
  const { pageSize } = physical;
  const baseHigh = highHalf(map.base);
  const baseLow = lowHalf(map.base);
  const secretHigh = random === undefined ? 0 : highHalf(random);
  const secretLow = random === undefined ? 0 : lowHalf(random);
  // The high half of most places is the same.
  let placeHigh = -1;
  let swappedHigh = 0;
  // Most links lead to the same page.
  let start = -1;
  let words: Uint32Array | undefined;
  return (object) => {
    const at = object + offset;
    // Bits of the low half: QuickJS takes long for remainders.
    const inPage = at & (pageSize - 1);
    if (at - inPage !== start) {
      start = at - inPage;
      const page = physical.page(start / pageSize);
      words = typeof page === 'string' ? undefined : wordsOf(page);
    }
    // The kernel aligns it; a word that lies over the seam of two pages is none.
    if (words === undefined || (inPage & 7) !== 0) return undefined;
    let low = words[inPage >>> 2] as number;
    let high = words[(inPage >>> 2) + 1] as number;
    if (random !== undefined) {
      const atLow = at >>> 0;
      const sum = baseLow + atLow;
      const itsHigh = baseHigh + (at - atLow) / TWO_32 + (sum >= TWO_32 ? 1 : 0);
      if (itsHigh !== placeHigh) {
        placeHigh = itsHigh;
        swappedHigh = swapped(placeHigh);
      }
      low = (low ^ secretLow ^ swappedHigh) >>> 0;
      high = (high ^ secretHigh ^ swapped(sum)) >>> 0;
    }
    return map.physicalHalves(high, low);
  };
}

/** The bytes of the low 32 bits in the other order. */
function swapped(word: number): number {
  return ((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | ((word >>> 24) & 0xff);
}

function follow(
  first: PhysicalAddress | undefined,
  next: Follow,
  free: Set<PhysicalAddress>,
  most: number,
): void {
  let known = free.size;
  for (let at = first; at !== undefined && known < most; at = next(at)) {
    free.add(at);
    // Twice in one place is a circle.
    if (free.size === known) return;
    known++;
  }
}

/** `work`'s result, or undefined where the dump does not allow it. */
export function orMissing<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof DumpError && error.code !== 'io') return undefined;
    throw error;
  }
}
