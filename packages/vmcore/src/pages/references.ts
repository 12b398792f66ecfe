import type { Frame } from '../bytes/address.ts';
import { readInto } from '../bytes/byte_source.ts';
import {
  BLOCK_HEAD,
  BLOCK_PAGE,
  BY_ADDRESS,
  BY_PAGE,
  ifSeen,
  type PageSearchTables,
  roomOr,
} from '../describe/table_loops.ts';
import { stretchAt } from '../physical_memory.ts';
import { type Classification, classSet } from './classification.ts';
import type { DirectMap } from './direct_map.ts';
import { classIndex } from './page_class.ts';
import type { FrameRange } from './page_plan.ts';
import { searchWith } from './page_search.ts';

const UNIDENTIFIED = classIndex('unidentified');
const LARGE_KMALLOC = classIndex('large kmalloc');
const ADDRESSED = classIndex('pages by address');
const PAYLOAD = classIndex('payload');

/** Memory that is the kernel's for certain. Stacks are not among it: they have addresses of pages under way. */
const SOURCES = classSet(
  'slab',
  'task slab',
  'per-CPU',
  'kernel data',
  'reserved',
  'module',
  'vmalloc',
  'large kmalloc',
  'block requests',
);

/** Pages that are looked through at once. */
const AT_ONCE = 64;
/** Frames up to which blocks are looked for, a byte each: 1 TB of memory. */
const MOST_FRAMES = 1 << 28;

/** Blocks of pages, each by its first frame and its order. */
interface Block {
  readonly frame: Frame;
  readonly order: number;
}

/**
 * Tells kernel data from payload where flags say nothing: kernel data is referenced by its address, payload by its
 * `struct page`. Memory that is the kernel's for certain is searched for both. A block is the kernel's where its
 * first byte is pointed to, and none of its struct pages is; in every other case it is not kept.
 */
export function classifyByReference(into: Classification, map: DirectMap): void {
  const { classes, unnamed, findings } = into;
  const open: Block[] = [];
  let limit = 0;
  let beyond = 0;
  for (let n = 0; n < unnamed.frames.length; n++) {
    const frame = unnamed.frames[n] as Frame;
    const order = unnamed.orders[n] as number;
    if (classes.get(frame) !== UNIDENTIFIED) continue;
    const end = frame + 2 ** order;
    if (end > MOST_FRAMES) beyond++;
    else {
      open.push({ frame, order });
      limit = Math.max(limit, end);
    }
  }
  if (beyond > 0)
    findings.push(`${beyond} blocks of pages above 1 TB were not looked for in the kernel's memory`);
  if (open.length === 0) return;
  const kinds = kindsOf(into, open, limit);
  search(into, map, kinds);
  for (const { frame, order } of open) {
    const end = frame + 2 ** order;
    let how = 0;
    for (let at = frame; at < end; at++) how |= kinds[at] as number;
    if ((how & (BY_ADDRESS | BY_PAGE)) === 0) continue;
    const value = (how & BY_PAGE) !== 0 ? PAYLOAD : order > 0 ? LARGE_KMALLOC : ADDRESSED;
    for (let at = frame; at < end; at++) if (classes.get(at) === UNIDENTIFIED) classes.set(at, value);
  }
}

/** A byte for each frame, up to the highest of the blocks. */
function kindsOf({ dump }: Classification, blocks: readonly Block[], limit: Frame): Uint8Array {
  const kinds = roomOr(dump.description.loops, limit);
  for (const { frame, order } of blocks) {
    kinds.fill(BLOCK_PAGE, frame, frame + 2 ** order);
    kinds[frame] = BLOCK_HEAD | BLOCK_PAGE;
  }
  return kinds;
}

/** Looks through all memory that may refer to blocks, and notes in `kinds` what it finds. */
function search(
  { dump, classes, sections, layout }: Classification,
  map: DirectMap,
  kinds: Uint8Array,
): void {
  const { pageSize } = dump.physical;
  const { loops } = dump.description;
  const buffer = roomOr(loops, AT_ONCE * pageSize);
  // Addresses above the highest block are of none.
  const tables: PageSearchTables = {
    direct: { base: map.base, length: kinds.length * pageSize },
    pageSize,
    structBytes: layout.size,
    parts: sections.map(({ map: base, frames, first }) => {
      const below = Math.max(0, Math.min(frames, kinds.length - first));
      return { base, length: below * layout.size, first };
    }),
    kinds,
  };
  const take = ifSeen(loops, kinds, buffer)?.search(tables) ?? searchWith(tables);
  for (const range of classes.ranges(SOURCES)) takeRange(dump, range, buffer, take);
}

/** Puts the pages of a range that the dump holds through `take`, as many at once as there is room for in `buffer`. */
function takeRange(
  { physical }: Classification['dump'],
  { start, end }: FrameRange,
  buffer: Uint8Array,
  take: (words: Uint8Array) => void,
): void {
  const { pageSize } = physical;
  const stop = Math.min(end, physical.frameLimit);
  for (let frame = physical.nextHeld(start); frame < stop; ) {
    const { end: known, state, plain } = stretchAt(physical, frame);
    const last = Math.min(known, stop);
    if (state === 'held' && plain !== undefined) {
      for (let at = frame; at < last; at += AT_ONCE) {
        const bytes = buffer.subarray(0, Math.min(AT_ONCE, last - at) * pageSize);
        readInto(plain.source, plain.offset + (at - frame) * pageSize, bytes);
        take(bytes);
      }
    } else if (state === 'held') {
      for (let at = frame; at < last; at++) {
        const page = physical.page(at);
        if (typeof page === 'string') continue;
        buffer.set(page);
        take(buffer.subarray(0, pageSize));
      }
    }
    frame = physical.nextHeld(last);
  }
}
