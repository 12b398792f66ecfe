import { addTo, type Frame, type VirtualAddress } from '../bytes/address.ts';
import { highHalf, lowHalf } from '../bytes/cursor.ts';
import { DumpError } from '../bytes/errors.ts';
import type { Dump } from '../dump.ts';
import type { ClassMap } from './class_map.ts';
import type { Blocks } from './flag_pass.ts';
import type { MapSection } from './memory_map.ts';
import { classIndex, type PageClass } from './page_class.ts';
import type { PageLayout } from './page_layout.ts';
import type { FrameRange } from './page_plan.ts';

/** What the walkers of this folder work on: the frames' classes so far, and how to get from a pointer to a frame. */
export interface Classification {
  readonly dump: Dump;
  readonly layout: PageLayout;
  readonly classes: ClassMap;
  readonly sections: readonly MapSection[];
  readonly slabs: Blocks;
  readonly unnamed: Blocks;
  readonly findings: string[];
}

/** Pages of kernel addresses that a machine of little memory may have in use beyond twice its memory. */
const SPARE_PAGES = 1 << 18;

/** The frames that the kernel's page tables map at `[start, end)`, in the order of addresses; holes are passed. */
export type FramesAt = (start: bigint, end: bigint) => Iterable<Frame>;

/**
 * A walker of ranges that together have no more pages than twice the memory of the machine, so that no damaged
 * length costs more than that. A range that goes beyond is not walked: `bad-format`.
 */
export function rangeWalker(dump: Pick<Dump, 'physical' | 'memory'>): FramesAt {
  const runsAt = runWalker(dump);
  return function* (start, end) {
    for (const run of runsAt(start, end)) for (let frame = run.start; frame < run.end; frame++) yield frame;
  };
}

/** The same, in runs of frames that follow one another. */
export function runWalker({
  physical,
  memory,
}: Pick<Dump, 'physical' | 'memory'>): (start: bigint, end: bigint) => Iterable<FrameRange> {
  const { pageSize } = physical;
  let left = 2 * physical.frameLimit + SPARE_PAGES;
  return function* (start, end) {
    const first = start - (start % BigInt(pageSize));
    const pages = Math.max(Math.ceil(Number(end - first) / pageSize), 0);
    if (pages > left) {
      throw new DumpError(
        'bad-format',
        `The range [0x${start.toString(16)}, 0x${end.toString(16)}) has ${pages} pages, more than the kernel can have in use`,
        { start: `0x${start.toString(16)}`, end: `0x${end.toString(16)}` },
      );
    }
    left -= pages;
    // Halves, since arithmetic of bigints would take most of the time.
    let high = highHalf(first);
    let low = lowHalf(first);
    let [from, to] = [0, 0];
    for (let n = 0; n < pages; ) {
      const physical = memory.translateHalves(high, low);
      let run = 1;
      if (physical !== undefined) {
        const frame = Math.floor(physical / pageSize);
        run = Math.min(Math.floor(memory.pieceHalves(high, low) / pageSize), pages - n);
        if (frame !== to) {
          if (to > from) yield { start: from, end: to };
          from = frame;
        }
        to = frame + run;
      }
      n += run;
      const next = low + run * pageSize;
      if (next > 0xffff_ffff) high = (high + 1) >>> 0;
      low = next >>> 0;
    }
    if (to > from) yield { start: from, end: to };
  };
}

/** Classes by name as a set of indices, for `Classification` walkers that may only replace some. */
export function classSet(...names: readonly PageClass[]): Uint8Array {
  const set = new Uint8Array(256);
  for (const name of names) set[classIndex(name)] = 1;
  return set;
}

/** Frame of a `struct page` by its address, by the memory map; undefined for what is none. */
export function frameOfPage({ sections, layout }: Classification, page: bigint): Frame | undefined {
  for (const { first, frames, map } of sections) {
    const offset = Number(page - map);
    if (offset < 0 || offset >= frames * layout.size) continue;
    return offset % layout.size === 0 ? first + offset / layout.size : undefined;
  }
  return undefined;
}

/** Address of a frame's `struct page`; undefined for a frame that the memory map does not describe. */
export function pageOfFrame({ sections, layout }: Classification, frame: Frame): VirtualAddress | undefined {
  const section = sections.find(({ first, frames }) => frame >= first && frame < first + frames);
  return section === undefined ? undefined : addTo(section.map, (frame - section.first) * layout.size);
}
