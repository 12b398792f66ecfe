import { hexAddress } from '@kcrash/vmcore/bytes/address';
import type { Dump } from '@kcrash/vmcore/dump';
import { readSlabCaches } from '@kcrash/vmcore/kernel/slab';
import { classifyPages } from '@kcrash/vmcore/pages/classify';
import { PAGE_CLASSES } from '@kcrash/vmcore/pages/page_class';
import type { PageClasses, PageMap, SlabAnswer } from '../protocol.ts';

const MOST_CELLS = 65_536;
/** Frames that one map is made of; a damaged dump may claim more than anybody can count through. */
const MOST_FRAMES = 2 ** 28;

/** Counts the pages of each class, and those that the dump holds. Throws `not-described` where they are not known. */
export function pageClasses(dump: Dump): PageClasses {
  const { classes, findings } = classifyPages(dump);
  const frames = Math.min(classes.limit, MOST_FRAMES);
  const pages = new Float64Array(256);
  const held = new Float64Array(256);
  for (let frame = 0; frame < frames; frame++) add(pages, classes.get(frame));
  const { physical } = dump;
  const end = Math.min(frames, physical.frameLimit);
  for (let frame = physical.nextHeld(0); frame < end; frame = physical.nextHeld(frame + 1)) {
    add(held, classes.get(frame));
  }
  return {
    pageSize: physical.pageSize,
    frameLimit: frames,
    classes: PAGE_CLASSES.map(({ name, owner, reason, tier }, n) => ({
      ...{ name, owner, reason, tier },
      pages: pages[n] ?? 0,
      held: held[n] ?? 0,
    })),
    findings,
  };
}

function add(counts: Float64Array, index: number): void {
  counts[index] = (counts[index] ?? 0) + 1;
}

/** What most frames of each cell are, and how many of them the dump holds. */
export function pageMap(dump: Dump, from: number, to: number, cells: number): PageMap {
  const { classes } = classifyPages(dump);
  const frames = Math.max(1, Math.min(to, from + MOST_FRAMES) - from);
  const framesInCell = Math.max(1, Math.ceil(frames / Math.max(1, Math.min(cells, MOST_CELLS))));
  const count = Math.ceil(frames / framesInCell);
  const most = new Uint8Array(count);
  const held = new Uint8Array(count);
  const counts = new Uint32Array(256);
  const { physical } = dump;
  let next = physical.nextHeld(from);
  for (let cell = 0; cell < count; cell++) {
    counts.fill(0);
    const start = from + cell * framesInCell;
    const end = Math.min(start + framesInCell, to);
    for (let frame = start; frame < end; frame++) {
      const index = classes.get(frame);
      counts[index] = (counts[index] ?? 0) + 1;
    }
    most[cell] = mostOf(counts);
    let inDump = 0;
    const known = Math.min(end, physical.frameLimit);
    for (; next < known; next = physical.nextHeld(next + 1)) inDump += 1;
    held[cell] = Math.ceil((inDump / Math.max(1, end - start)) * 255);
  }
  return { framesInCell, classes: most, held };
}

/** What is memory shows rather than what is none. */
function mostOf(counts: Uint32Array): number {
  let best = 0;
  for (let n = 1; n < counts.length; n++) {
    if ((counts[n] ?? 0) > (best === 0 ? 0 : (counts[best] ?? 0))) best = n;
  }
  return best;
}

/** The slab caches. */
export function slabs(dump: Dump): SlabAnswer {
  const { caches, problems } = readSlabCaches(dump);
  return {
    caches: caches.map(({ name, address, objectBytes, objects, inUse, bytes }) => ({
      ...{ name, objectBytes, address: hexAddress(address) },
      ...{ objects: objects ?? null, inUse: inUse ?? null, bytes: bytes ?? null },
    })),
    problems,
  };
}
