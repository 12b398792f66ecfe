import type { Frame } from '../bytes/address.ts';
import { type ByteSource, readInto } from '../bytes/byte_source.ts';
import type { Absence, PhysicalMemory, Stretch } from '../physical_memory.ts';
import { PageCache } from './page_cache.ts';

/** What a `PT_LOAD` program header says: where a range of physical memory lies in the file. */
export interface Segment {
  /** Byte offset in the file. */
  readonly offset: number;
  /** First physical address. */
  readonly address: number;
  /** Bytes in the file. */
  readonly fileBytes: number;
  /** Bytes in the machine; those past `fileBytes` were left out. */
  readonly memoryBytes: number;
}

/** Physical memory as the segments of an ELF core map it. Memory use: 32 bytes a segment, and the page cache. */
export class ElfMemory implements PhysicalMemory {
  readonly pageSize: number;
  readonly frameLimit: Frame;
  /** Bytes that the segments promise past the end of the file. */
  readonly cutOffBytes: number;
  /** Bytes that segments name although others have named as many as the file has: those are left out. */
  readonly repeatedBytes: number;
  readonly #source: ByteSource;
  readonly #cache: PageCache;
  // Sorted and disjoint: [start, end) is memory, [start, fileEnd) is in the file at `offset`.
  readonly #start: Float64Array;
  readonly #fileEnd: Float64Array;
  readonly #end: Float64Array;
  readonly #offset: Float64Array;

  constructor(source: ByteSource, segments: readonly Segment[], pageSize: number, cachePages: number) {
    this.#source = source;
    this.pageSize = pageSize;
    this.#cache = new PageCache(cachePages);
    const named = makeDisjoint(segments);
    const disjoint = withinFile(named, source.size);
    this.repeatedBytes = totalBytes(named) - totalBytes(disjoint);
    this.#start = Float64Array.from(disjoint, (segment) => segment.address);
    this.#fileEnd = Float64Array.from(disjoint, (segment) => segment.address + segment.fileBytes);
    this.#end = Float64Array.from(disjoint, (segment) => segment.address + segment.memoryBytes);
    this.#offset = Float64Array.from(disjoint, (segment) => segment.offset);
    this.frameLimit = Math.ceil((this.#end.at(-1) ?? 0) / pageSize);
    this.cutOffBytes = disjoint.reduce((sum, { offset, fileBytes }) => {
      return sum + Math.min(fileBytes, Math.max(0, offset + fileBytes - source.size));
    }, 0);
  }

  page(frame: Frame): Uint8Array | Absence {
    const cached = this.#cache.get(frame);
    if (cached !== undefined) return cached;
    const base = frame * this.pageSize;
    const at = this.#lastStartingBy(base);
    if (at < 0 || base + this.pageSize > (this.#fileEnd[at] as number)) return this.#pieces(frame, at);
    const offset = (this.#offset[at] as number) + base - (this.#start[at] as number);
    if (offset + this.pageSize > this.#source.size) return 'cut-off';
    const page = new Uint8Array(this.pageSize);
    readInto(this.#source, offset, page);
    this.#cache.put(frame, page);
    return page;
  }

  copyPage(frame: Frame, target: Uint8Array): Absence | undefined {
    const { plain, state } = this.stretch(frame);
    if (plain !== undefined) readInto(plain.source, plain.offset, target);
    else {
      const page = state === 'held' ? this.page(frame) : state;
      if (typeof page === 'string') return page;
      target.set(page);
    }
    return undefined;
  }

  nextHeld(frame: Frame): Frame {
    const base = frame * this.pageSize;
    for (let at = Math.max(this.#lastStartingBy(base), 0); at < this.#start.length; at++) {
      const start = this.#start[at] as number;
      const inFile = Math.max(0, this.#source.size - (this.#offset[at] as number));
      const end = Math.min(this.#fileEnd[at] as number, start + inFile);
      if (end > base && end > start) return Math.floor(Math.max(start, base) / this.pageSize);
    }
    return this.frameLimit;
  }

  stretch(frame: Frame): Stretch {
    const base = frame * this.pageSize;
    const before = (address: number) => Math.floor(address / this.pageSize);
    const at = this.#lastStartingBy(base);
    let seam = false;
    if (at >= 0) {
      const start = this.#start[at] as number;
      const offset = this.#offset[at] as number;
      const fileEnd = this.#fileEnd[at] as number;
      const inFile = Math.min(fileEnd, start + this.#source.size - offset);
      if (base + this.pageSize <= inFile) {
        const plain = { source: this.#source, offset: offset + base - start };
        return { end: before(inFile), state: 'held', plain };
      }
      const parts = [inFile, fileEnd, this.#end[at] as number];
      seam = parts.some((end) => end > base && end < base + this.pageSize);
      if (!seam && base < fileEnd) return { end: before(fileEnd), state: 'cut-off' };
      if (!seam && base < (this.#end[at] as number))
        return { end: before(this.#end[at] as number), state: 'excluded' };
    }
    const next = Math.min(before(this.#start[at + 1] ?? Number.POSITIVE_INFINITY), this.frameLimit);
    if (!seam && next > frame) return { end: next, state: 'hole' };
    // A page in which one segment ends and another begins.
    const page = this.page(frame);
    return { end: frame + 1, state: typeof page === 'string' ? page : 'held' };
  }

  /** A page that no one segment holds whole: the pieces that some do, zeros between; or why there is none. */
  #pieces(frame: Frame, last: number): Uint8Array | Absence {
    const base = frame * this.pageSize;
    const limit = base + this.pageSize;
    let absence: Absence = 'hole';
    let page: Uint8Array | undefined;
    for (let at = Math.max(last, 0); at < this.#start.length && (this.#start[at] as number) < limit; at++) {
      const start = this.#start[at] as number;
      if ((this.#end[at] as number) <= base) continue;
      const from = Math.max(base, start);
      const to = Math.min(limit, this.#fileEnd[at] as number);
      const offset = (this.#offset[at] as number) + from - start;
      if (to <= from) absence = 'excluded';
      else if (offset + to - from > this.#source.size) return 'cut-off';
      else {
        page ??= new Uint8Array(this.pageSize);
        page.set(this.#source.read(offset, to - from), from - base);
      }
    }
    if (page !== undefined) this.#cache.put(frame, page);
    return page ?? absence;
  }

  /** Index of the last segment that starts at or before `address`, or -1. */
  #lastStartingBy(address: number): number {
    let low = 0;
    let high = this.#start.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#start[middle] as number) <= address) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/**
 * Segments sorted by address, each cut to what earlier ones don't hold: QEMU's dumps with paging name the same
 * memory once for each virtual address of it.
 */
function makeDisjoint(segments: readonly Segment[]): Segment[] {
  const sorted = segments
    .filter((segment) => segment.memoryBytes > 0)
    .sort((a, b) => a.address - b.address || b.fileBytes - a.fileBytes);
  const disjoint: Segment[] = [];
  let covered = 0;
  for (const segment of sorted) {
    const cut = Math.max(0, covered - segment.address);
    if (cut >= segment.memoryBytes) continue;
    disjoint.push({
      offset: segment.offset + cut,
      address: segment.address + cut,
      fileBytes: Math.max(0, segment.fileBytes - cut),
      memoryBytes: segment.memoryBytes - cut,
    });
    covered = segment.address + segment.memoryBytes;
  }
  return disjoint;
}

/**
 * The segments, without the bytes of those that come when others have named as many as the file has: a crafted file
 * names the same bytes for any amount of memory, which nobody can go through.
 */
function withinFile(segments: readonly Segment[], size: number): Segment[] {
  let left = size;
  return segments.map((segment) => {
    const inFile = Math.min(segment.fileBytes, Math.max(0, size - segment.offset));
    if (inFile > left) return { ...segment, fileBytes: 0 };
    left -= inFile;
    return segment;
  });
}

function totalBytes(segments: readonly Segment[]): number {
  return segments.reduce((sum, { fileBytes }) => sum + fileBytes, 0);
}
