import { addTo, type VirtualAddress } from '@kcrash/vmcore/bytes/address';
import type { Dump } from '@kcrash/vmcore/dump';
import type { PhysicalMemory } from '@kcrash/vmcore/physical_memory';

/** Where a pattern lies in a dump. */
export interface Hit {
  /** Physical address of its first byte. */
  readonly physical: number;
  /** What lies around it: from `before` bytes in front of it. */
  readonly context: Uint8Array;
  readonly before: number;
}

/** How far a search has come. */
export interface Progress {
  readonly frame: number;
  readonly frameLimit: number;
  /** Pages that the dump holds, so far. */
  readonly pages: number;
}

/** Bytes around a hit that are kept. */
const CONTEXT_BEFORE = 16;
const CONTEXT_AFTER = 48;
/** Progress is told, and the search can be stopped, after so many milliseconds. */
const STEP_MILLISECONDS = 20;
/** The clock is looked at after so many frames: holes take nanoseconds, pages 50 µs. */
const STEP_FRAMES = 64;

/**
 * Looks for bytes in all of a dump's physical memory, page after page; what runs over the end of a page is
 * found where the next page frame is there too. Yields hits, and every now and then how far it has come.
 */
export function* searchMemory(memory: PhysicalMemory, pattern: Uint8Array): Generator<Hit | Progress> {
  let tail = Buffer.alloc(0);
  let pages = 0;
  let next = performance.now() + STEP_MILLISECONDS;
  for (let frame = 0; frame < memory.frameLimit; frame++) {
    if (frame % STEP_FRAMES === 0 && performance.now() > next) {
      yield { frame, frameLimit: memory.frameLimit, pages };
      next = performance.now() + STEP_MILLISECONDS;
    }
    const page = memory.page(frame);
    if (typeof page === 'string') {
      tail = Buffer.alloc(0);
      continue;
    }
    pages += 1;
    const base = frame * memory.pageSize;
    const bytes = Buffer.from(page.buffer, page.byteOffset, page.byteLength);
    if (tail.length > 0) {
      const seam = Buffer.concat([tail, bytes.subarray(0, pattern.length - 1)]);
      yield* hitsIn(seam, base - tail.length, pattern);
    }
    yield* hitsIn(bytes, base, pattern);
    tail = Buffer.from(bytes.subarray(Math.max(0, bytes.length - (pattern.length - 1))));
  }
}

function* hitsIn(bytes: Buffer, base: number, pattern: Uint8Array): Generator<Hit> {
  for (let at = bytes.indexOf(pattern); at >= 0; at = bytes.indexOf(pattern, at + 1)) {
    const before = Math.min(at, CONTEXT_BEFORE);
    // A copy: the page is lent, and the hit is kept.
    const context = Uint8Array.from(bytes.subarray(at - before, at + pattern.length + CONTEXT_AFTER));
    yield { physical: base + at, context, before };
  }
}

/**
 * Where the kernel itself addresses a physical address: in its direct map, by `page_offset_base`. Undefined
 * where the kernel does not name that, or its page tables say otherwise.
 */
export function directMapping(dump: Dump): (physical: number) => VirtualAddress | undefined {
  const at = dump.findVariable('page_offset_base');
  const base = at === undefined ? undefined : dump.memory.tryRead(at, 8) && dump.memory.pointer(at);
  return (physical) => {
    if (base === undefined) return undefined;
    const virtual = addTo(base, physical);
    return dump.memory.translate(virtual) === physical ? virtual : undefined;
  };
}
