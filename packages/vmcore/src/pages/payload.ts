import { addTo, type Frame, type VirtualAddress } from '../bytes/address.ts';
import { u64Big } from '../bytes/cursor.ts';
import { field } from '../describe/type_reader.ts';
import { attempt } from '../kernel/attempt.ts';
import { listEntries } from '../kernel/list.ts';
import { perCpu } from '../kernel/percpu.ts';
import { type Classification, classSet, frameOfPage } from './classification.ts';
import type { DirectMap } from './direct_map.ts';
import { classIndex } from './page_class.ts';
import { type CacheSlabs, orMissing, slabObjects } from './slab_objects.ts';

const PIPE = classIndex('pipe');
const SOCKET = classIndex('socket payload');

/** Classes that a page which users filled may have by flags. */
const OPEN = classSet('unidentified', 'large kmalloc', 'pages by address', 'payload');

/** Gives the whole block around a frame a class, where flags left it open. */
export function markBlock({ classes, unnamed }: Classification, frame: Frame, value: number): void {
  if (OPEN[classes.get(frame)] === 0) return;
  let low = 0;
  let high = unnamed.frames.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((unnamed.frames[middle] as number) <= frame) low = middle + 1;
    else high = middle;
  }
  const head = unnamed.frames[low - 1];
  const pages = 2 ** (unnamed.orders[low - 1] ?? 0);
  if (head === undefined || frame >= head + pages) {
    classes.set(frame, value);
    return;
  }
  for (let n = 0; n < pages; n++) if (OPEN[classes.get(head + n)] === 1) classes.set(head + n, value);
}

const PIPE_INFO = {
  head: field.number('head'),
  ring: field.number('ring_size'),
  bufs: field.pointer('bufs'),
  spare: field.address('tmp_page'),
};
const MOST_INODES = 1 << 20;
/** Places for pages in all pipes together: a pipe has 16 of them, and 2 GB at most where `pipe-max-size` says so. */
const MOST_PLACES = 1 << 20;

/** Pages of pipes: those with data, and those that a pipe keeps for the next. Named pipes are found by scanning. */
export function classifyPipes(into: Classification): void {
  const { dump, findings } = into;
  const { memory, types } = dump;
  const mount = memory.pointer(dump.variable('pipe_mnt'));
  const superblock = memory.pointer(addTo(mount, types.offsetof('vfsmount', 'mnt_sb')));
  const head = addTo(superblock, types.offsetof('super_block', 's_inodes'));
  const { entries, problem } = listEntries(dump, head, 'inode', 'i_sb_list', MOST_INODES);
  if (problem !== undefined) findings.push(`Pipes: ${problem}`);
  let left = MOST_PLACES;
  for (const inode of entries) {
    attempt(findings, 'A pipe', () => {
      const pipe = memory.pointer(addTo(inode, types.offsetof('inode', 'i_pipe')));
      if (pipe !== 0n && left > 0) left -= markPipe(into, pipe, left);
    });
  }
  if (left <= 0) findings.push(`Pipes: they have over ${MOST_PLACES} places for pages`);
}

/** Marks the pages of a pipe, at most so many; says at how many places it was looked. */
function markPipe(into: Classification, pipe: VirtualAddress, most: number): number {
  const { dump } = into;
  const { ring, bufs, spare } = dump.reader('pipe_inode_info', PIPE_INFO)(pipe);
  const size = dump.types.sizeof('struct pipe_buffer');
  const at = dump.types.offsetof('pipe_buffer', 'page');
  const pointers = [dump.memory.pointer(spare), dump.memory.pointer(addTo(spare, 8))];
  for (let n = 0; n < Math.min(ring, most); n++) {
    const buffer = orMissing(() => dump.memory.pointer(addTo(bufs, n * size + at)));
    if (buffer === undefined) break;
    pointers.push(buffer);
  }
  for (const page of pointers) {
    const frame = page === 0n ? undefined : frameOfPage(into, page);
    if (frame !== undefined) markBlock(into, frame, PIPE);
  }
  return pointers.length;
}

const SKB = { head: field.pointer('head'), end: field.number('end') };

/** Data of a socket buffer inside slab pages. */
export interface SocketData {
  readonly start: VirtualAddress;
  readonly length: number;
}

/** Caches that socket buffers come from. A clone is the second of two in one object. */
const SKB_CACHES = ['skbuff_head_cache', 'skbuff_fclone_cache'];
/** `SKB_MAX_ALLOC` and what drivers add to it. */
const MOST_HEAD = 1 << 20;
/** `KMALLOC_MAX_CACHE_SIZE`: what is larger lies in no slab. */
const MOST_IN_SLAB = 8192;

/**
 * What socket buffers hold: pages of payload become `socket payload`; data in slab pages is the result, for
 * those who scrub. Every buffer in use counts, on whatever queue it is.
 */
export function classifySocketBuffers(
  into: Classification,
  map: DirectMap,
  caches: ReadonlyMap<string, readonly CacheSlabs[]>,
): SocketData[] {
  const { dump, classes, findings } = into;
  const data: SocketData[] = [];
  const pageSize = dump.physical.pageSize;
  const slab = classSet('slab', 'task slab');
  for (const at of socketBuffers(into, map, caches)) {
    attempt(findings, 'A socket buffer', () => {
      const { head, end } = dump.reader('sk_buff', SKB)(at);
      const start = head === 0n ? undefined : map.physical(head);
      if (start === undefined || end > MOST_HEAD) return;
      if (slab[classes.get(Math.floor(start / pageSize))] === 1)
        data.push({ start: head, length: Math.min(end, MOST_IN_SLAB) });
      else {
        for (let page = start - (start % pageSize); page < start + end; page += pageSize) {
          markBlock(into, page / pageSize, SOCKET);
        }
      }
      markFragments(into, addTo(head, end));
    });
  }
  return data;
}

function socketBuffers(
  into: Classification,
  map: DirectMap,
  caches: ReadonlyMap<string, readonly CacheSlabs[]>,
): VirtualAddress[] {
  const size = into.dump.types.sizeof('struct sk_buff');
  const found: VirtualAddress[] = [];
  for (const cache of SKB_CACHES.flatMap((name) => caches.get(name) ?? [])) {
    const used = slabObjects(into, map, cache).used();
    for (const object of used) {
      found.push(map.virtual(object));
      if (cache.objectBytes >= 2 * size) found.push(map.virtual(object + size));
    }
  }
  return found;
}

const SHARED = { count: field.number('nr_frags'), frags: field.address('frags') };

function markFragments(into: Classification, shared: VirtualAddress): void {
  const { dump } = into;
  const { types } = dump;
  const { count, frags } = dump.reader('skb_shared_info', SHARED)(shared);
  // `skb_frag_t` is a bio_vec from 5.4 to 6.6; the first word is the page, or a netmem with bit 0, all along.
  const size = types.sizeof('skb_frag_t');
  for (let n = 0; n < Math.min(count, MOST_FRAGMENTS); n++) {
    const word = u64Big(dump.memory.read(addTo(frags, n * size), 8), 0);
    const frame = frameOfPage(into, word & ~3n);
    if (frame !== undefined) markBlock(into, frame, SOCKET);
  }
}

/** `MAX_SKB_FRAGS` may be built as 17 to 45. */
const MOST_FRAGMENTS = 45;

/** Pages that CPUs cut pieces from for the next packets. */
export function classifyPageFragments(into: Classification, map: DirectMap): void {
  const { dump } = into;
  const { types, memory } = dump;
  const cpus = perCpu(dump);
  for (const [variable, type, path] of [
    ['netdev_alloc_cache', 'page_frag_cache', ''],
    ['napi_alloc_cache', 'napi_alloc_cache', 'page.'],
  ] as const) {
    // Address and order in one word since 6.13 (0c3ce2f50261).
    const member = ['va', 'encoded_page'].find((name) => types.has(type, `${path}${name}`));
    if (member === undefined) continue;
    const offset = types.offsetof(type, `${path}${member}`);
    for (const cpu of cpus.possible) {
      const at = cpus.findVariable(variable, cpu);
      if (at === undefined) continue;
      const page = map.physical(memory.pointer(addTo(at, offset)) & ~0xfffn);
      if (page !== undefined) markBlock(into, page / dump.physical.pageSize, SOCKET);
    }
  }
}
