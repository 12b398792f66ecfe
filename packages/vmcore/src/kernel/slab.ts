import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { u64Big } from '../bytes/cursor.ts';
import { DumpError } from '../bytes/errors.ts';
import { sizeOfType } from '../describe/type_layout.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { attempt } from './attempt.ts';
import { listEntries, listNodes, type Walk } from './list.ts';
import { listAround } from './unnamed_list.ts';

/** A cache of equal objects (C `struct kmem_cache` of SLUB): a line of /proc/slabinfo. */
export interface SlabCache {
  readonly name: string;
  readonly address: VirtualAddress;
  /** Bytes of an object, without and with what the allocator adds. */
  readonly objectBytes: number;
  readonly size: number;
  /** Slabs, and objects that fit in them; undefined in a kernel that does not count (no `CONFIG_SLUB_DEBUG`). */
  readonly slabs: number | undefined;
  readonly objects: number | undefined;
  /**
   * Objects in use as /proc/slabinfo counts them: all but the free ones of half-empty slabs. Those that CPUs
   * keep for themselves count as in use.
   */
  readonly inUse: number | undefined;
  /** Bytes of all slabs. */
  readonly bytes: number | undefined;
}

/** The caches, in the kernel's order. */
export interface SlabCaches {
  readonly caches: readonly SlabCache[];
  readonly problems: readonly string[];
}

const CACHE = {
  name: field.pointer('name'),
  size: field.number('size'),
  objectBytes: field.number('object_size'),
  /** Order of a slab in pages, shifted by 16, and the objects in it. */
  shape: field.number('oo.x'),
};
const NODE = {
  slabs: field.optional(field.number('nr_slabs.counter')),
  objects: field.optional(field.number('total_objects.counter')),
  partial: field.address('partial'),
};
const SLAB = { inUse: field.number('inuse'), objects: field.number('objects') };

const MOST_CACHES = 1 << 16;
/** Sizes of `kmalloc` that are looked at for one that has a cache. */
const MOST_SIZES = 32;
/** Half-empty slabs that are looked at for each node, as many as the kernel does for /proc/slabinfo. */
const MOST_PARTIAL = 10_000;
const MOST_NODES = 1024;

/**
 * All slab caches of a kernel with SLUB. What cannot be read is left out, with a problem that says why; so is
 * everything where the kernel has another allocator.
 */
export function readSlabCaches(dump: Dump): SlabCaches {
  const problems: string[] = [];
  const caches: SlabCache[] = [];
  attempt(problems, 'Slab caches', () => {
    const nodes = nodeTable(dump, 'node');
    const list = cacheNodes(dump);
    if (list.problem !== undefined) problems.push(list.problem);
    for (const node of list.nodes) {
      const cache = attempt(problems, 'Slab cache', () => {
        return readCache(dump, dump.containerOf(node, 'struct kmem_cache', 'list'), nodes, problems);
      });
      if (cache) caches.push(cache);
    }
  });
  return { caches, problems };
}

/** `slab_caches`, or where that has no name, the list that the caches of `kmalloc` are on. */
function cacheNodes(dump: Dump): Walk {
  const head = dump.findVariable('slab_caches');
  if (head !== undefined) return listNodes(dump.memory, head, MOST_CACHES);
  const exported = dump.variable('kmalloc_caches');
  for (let n = 0; n < MOST_SIZES; n++) {
    const cache = dump.memory.pointer(addTo(exported, n * 8));
    // Sizes that there is no cache for are NULL.
    if (cache === 0n) continue;
    return listAround(
      dump.memory,
      addTo(cache, dump.types.offsetof('struct kmem_cache', 'list')),
      MOST_CACHES,
    );
  }
  throw new DumpError('not-described', 'The kernel names neither slab_caches nor a cache in kmalloc_caches');
}

/** Where a cache has its pointers to nodes; a cache is allocated with no more of them than the machine can have. */
interface NodeTable {
  readonly offset: number;
  readonly count: number;
  /** Bytes from one to the next. */
  readonly step: number;
}

/** The last member of a cache: pointers, or since 7.1 pairs of pointers to a node and to its barn of sheaves. */
function nodeTable(dump: Dump, member: 'node' | 'barn'): NodeTable | undefined {
  const { types } = dump;
  const isPaired = types.has('kmem_cache', 'per_node');
  if (!isPaired && member === 'barn') return undefined;
  const place = types.place('kmem_cache', isPaired ? 'per_node' : 'node');
  const step = isPaired ? types.sizeof('kmem_cache_per_node_ptrs') : 8;
  const inPair = isPaired ? types.offsetof('kmem_cache_per_node_ptrs', member) : 0;
  const declared = sizeOfType(types.btf, place.type) / step;
  const at = dump.findVariable('nr_node_ids');
  const possible = at === undefined ? 1 : dump.memory.i32(at);
  if (possible < 1 || possible > MOST_NODES) {
    throw new DumpError('bad-format', `nr_node_ids is ${possible}: wanted 1 to ${MOST_NODES}`);
  }
  return {
    offset: place.bitOffset / 8 + inPair,
    count: declared === 0 ? possible : Math.min(declared, possible),
    step,
  };
}

/** What a table of a cache points to; a node without memory has none. */
function pointersOf(dump: Dump, cache: VirtualAddress, { offset, count, step }: NodeTable): VirtualAddress[] {
  const bytes = dump.memory.read(addTo(cache, offset), (count - 1) * step + 8);
  const pointers = Array.from({ length: count }, (_, n) => u64Big(bytes, n * step) as VirtualAddress);
  return pointers.filter((pointer) => pointer !== 0n);
}

/**
 * Barns of a cache (C `struct node_barn`), where nodes keep sheaves of free objects: members of nodes from 6.18
 * (2d517aa09bbc) to 7.0. Throws what reading memory throws.
 */
export function slabBarns(dump: Dump, cache: VirtualAddress): VirtualAddress[] {
  const barns = nodeTable(dump, 'barn');
  if (barns !== undefined) return pointersOf(dump, cache, barns);
  const nodes = nodeTable(dump, 'node');
  if (nodes === undefined || !dump.types.has('kmem_cache_node', 'barn')) return [];
  const offset = dump.types.offsetof('kmem_cache_node', 'barn');
  const found = pointersOf(dump, cache, nodes).map((node) => dump.memory.pointer(addTo(node, offset)));
  return found.filter((barn) => barn !== 0n);
}

function readCache(
  dump: Dump,
  at: VirtualAddress,
  nodes: NodeTable | undefined,
  problems: string[],
): SlabCache {
  const cache = dump.reader('kmem_cache', CACHE)(at);
  const name = dump.memory.cString(cache.name, 256);
  let slabs: number | undefined = 0;
  let objects: number | undefined = 0;
  let free = 0;
  for (const pointer of nodes === undefined ? [] : pointersOf(dump, at, nodes)) {
    const node = dump.reader('kmem_cache_node', NODE)(pointer);
    slabs = add(slabs, node.slabs);
    objects = add(objects, node.objects);
    free += freeObjects(dump, name, node.partial, problems);
  }
  const slabBytes = dump.physical.pageSize * 2 ** (cache.shape >>> 16);
  return {
    name,
    address: at,
    objectBytes: cache.objectBytes,
    size: cache.size,
    slabs,
    objects,
    inUse: objects === undefined ? undefined : Math.max(objects - free, 0),
    bytes: slabs === undefined ? undefined : slabs * slabBytes,
  };
}

function add(sum: number | undefined, part: number | undefined): number | undefined {
  return sum === undefined || part === undefined ? undefined : sum + part;
}

/** Objects that are free in the half-empty slabs of a node. */
function freeObjects(dump: Dump, name: string, partial: VirtualAddress, problems: string[]): number {
  const type = 'struct slab';
  const read = dump.reader(type, SLAB);
  const member = dump.types.offsetof(type, 'slab_list');
  const list = listEntries(dump, partial, type, 'slab_list', MOST_PARTIAL);
  if (list.problem !== undefined) problems.push(`Slab cache ${name}: ${list.problem}`);
  let free = 0;
  for (const slab of list.entries) {
    attempt(problems, `Slab of ${name} at its list node ${addTo(slab, member)}`, () => {
      const { objects, inUse } = read(slab);
      free += Math.max(objects - inUse, 0);
    });
  }
  return free;
}
