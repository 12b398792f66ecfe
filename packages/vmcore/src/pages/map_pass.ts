import { addTo, type Frame, type PhysicalAddress, type VirtualAddress } from '../bytes/address.ts';
import { highHalf, lowHalf } from '../bytes/cursor.ts';
import { wordsOf } from '../bytes/words.ts';
import type { TableLoops } from '../describe/table_loops.ts';
import type { Dump } from '../dump.ts';
import { type Stretch, stretchAt } from '../physical_memory.ts';
import type { ClassMap } from './class_map.ts';
import { MOST_STRUCT_PAGE_BYTES } from './compiled_pass.ts';
import { type Blocks, FlagPass } from './flag_pass.ts';
import { MapPages } from './map_pages.ts';
import type { MapSection } from './memory_map.ts';
import { classIndex } from './page_class.ts';
import type { PageLayout } from './page_layout.ts';
import type { FrameRange } from './page_plan.ts';

/** What one pass over the memory map found, beside the class of each frame. */
export interface FlagPassResult {
  /** The parts of the map as far as they were read. */
  readonly sections: readonly MapSection[];
  readonly slabs: Blocks;
  /** In use by somebody whom flags do not name: one reference, not mapped by a process. */
  readonly unnamed: Blocks;
  /** Frames that hold the memory map itself. */
  readonly mapRuns: MapRun[];
  /** Struct pages in a page of the map. */
  readonly perMapFrame: number;
}

/** Frames of the memory map that describe frames one after another. */
export interface MapRun extends FrameRange {
  /** The first frame that is described. */
  readonly describes: Frame;
}

type Memories = Pick<Dump, 'physical' | 'memory'>;

const UNIDENTIFIED = classIndex('unidentified');

/**
 * One pass over the whole memory map, each page of it once. What of it cannot be read leaves its frames unidentified,
 * and is told; so is what claims to be described by a page that describes others.
 */
export function passOverMap(
  dump: Memories,
  layout: PageLayout,
  sections: readonly MapSection[],
  classes: ClassMap,
  findings: string[],
  loops?: TableLoops,
): FlagPassResult {
  const pass = new FlagPass(layout, classes, findings, loops);
  const mapRuns: MapRun[] = [];
  const { pageSize } = dump.physical;
  const perRead = Math.floor(pageSize / layout.size);
  const pages = new MapPages(pageSize);
  const pieces = new MapPieces(dump, perRead * layout.size);
  let missing = 0;
  let shared = 0;
  const read: MapSection[] = [];
  for (const { first, frames, map } of sections) {
    let n = 0;
    while (n < frames && !pages.exhausted) {
      const covered = classes.cover(first + n);
      if (covered === 0) break;
      const at = addTo(map, n * layout.size);
      const place = dump.memory.translate(at);
      const together = pieces.together(at, place, Math.ceil(Math.min(frames - n, covered) / perRead));
      const taken = place === undefined ? together : pages.takes(place, together);
      if (place !== undefined && taken > 0)
        addRun(mapRuns, Math.floor(place / pageSize), taken, first + n, perRead);
      const count = Math.min(taken * perRead, frames - n);
      const bytes = count > 0 ? pieces.read(at, place, count * layout.size) : undefined;
      pages.note(bytes !== undefined, taken);
      if (bytes !== undefined)
        pass.take(wordsOf(bytes), first + n, count, Number(at & 0xffff_ffffn), first + frames);
      else if (count > 0) {
        missing += count;
        classes.fill(first + n, first + n + count, UNIDENTIFIED);
      }
      n += taken * perRead;
      if (taken === together) continue;
      shared += pass.passShared(first + n, Math.min(perRead, frames - n));
      n += perRead;
    }
    if (n > 0) read.push({ first, frames: Math.min(n, frames), map });
  }
  pass.finish();
  if (missing > 0) findings.push(`The dump lacks the struct pages of ${missing} page frames`);
  if (shared > 0)
    findings.push(`${shared} page frames are described by the struct pages of others, and not kept`);
  if (pages.exhausted)
    findings.push('The memory map claims far more than the dump holds of it, and is not read to its end');
  return {
    sections: read,
    slabs: pass.slabs,
    unnamed: pass.unnamed,
    mapRuns,
    perMapFrame: perRead,
  };
}

/** Adds `pages` from a frame on, to the run that they continue if they do. */
function addRun(runs: MapRun[], start: Frame, pages: number, describes: Frame, perPage: number): void {
  const last = runs.at(-1);
  const follows = last?.end === start && last.describes + (last.end - last.start) * perPage === describes;
  if (follows) runs[runs.length - 1] = { ...last, end: start + pages };
  else runs.push({ start, end: start + pages, describes });
}

/** Reads the memory map a page at a time, or many where they lie one after another in memory and in the dump. */
class MapPieces {
  readonly #dump: Memories;
  readonly #most: number;
  /** What is known of the dump around the page asked for last: from which frame on, and to where. */
  #from: Frame = 0;
  #stretch: Stretch = { end: 0, state: 'hole' };

  /** `bytes`: what is read of a page at a time. */
  constructor(dump: Memories, bytes: number) {
    this.#dump = dump;
    const { pageSize } = dump.physical;
    this.#most = bytes === pageSize ? Math.floor(MOST_STRUCT_PAGE_BYTES / pageSize) : 1;
  }

  /** How many of `wanted` pages from an address on can be read at once; it lies at `place`, if anywhere. */
  together(at: VirtualAddress, place: PhysicalAddress | undefined, wanted: number): number {
    const { memory, physical } = this.#dump;
    const { pageSize } = physical;
    if (place === undefined || this.#most === 1 || place % pageSize !== 0) return 1;
    const piece = memory.pieceHalves(highHalf(at), lowHalf(at)) / pageSize;
    const frame = place / pageSize;
    const { plain, end } = this.#stretchOf(frame);
    return plain === undefined ? 1 : Math.min(piece, this.#most, wanted, end - frame);
  }

  /** Undefined where the dump lacks any of it. */
  read(at: VirtualAddress, place: PhysicalAddress | undefined, length: number): Uint8Array | undefined {
    const { memory, physical } = this.#dump;
    if (place === undefined || length <= physical.pageSize) return memory.tryRead(at, length);
    const { plain } = this.#stretchOf(place / physical.pageSize);
    return plain?.source.read(plain.offset + place - this.#from * physical.pageSize, length);
  }

  #stretchOf(frame: Frame): Stretch {
    if (frame >= this.#from && frame < this.#stretch.end) return this.#stretch;
    const { physical } = this.#dump;
    this.#from = frame;
    this.#stretch =
      frame < physical.frameLimit ? stretchAt(physical, frame) : { end: frame + 1, state: 'hole' };
    return this.#stretch;
  }
}
