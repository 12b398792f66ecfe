import type { Frame, PhysicalAddress } from '../bytes/address.ts';
import type { ClassifiedPages } from './classify.ts';
import type { Scrubber } from './page_plan.ts';
import { eachSecret } from './secrets.ts';

/** What overwritten bytes read as: `X`, as makedumpfile's own filter writes. */
export const SCRUBBED = 0x58;

/** Nothing is overwritten. */
export const NO_SCRUBBING: Scrubber = {
  bytes: 0,
  owners: new Map(),
  next: () => Number.POSITIVE_INFINITY,
  overwrite: () => {},
};

/** How many ranges there are of an owner. */
interface Tally {
  readonly owner: string;
  ranges: number;
}

/** Collects ranges of physical memory, and overwrites them page by page. */
export class ScrubRanges implements Scrubber {
  bytes = 0;
  readonly #tallies = new Map<string, Tally>();
  readonly #pageSize: number;
  /** By frame: start and end in the page, one pair after the other. */
  readonly #byFrame = new Map<Frame, number[]>();
  /** The owner of which was added last; where the frame begins to which was, and its ranges: most are the same. */
  #tally: Tally = { owner: '', ranges: 0 };
  #addedTo: PhysicalAddress = 0;
  #added: number[] | undefined;
  /** The frames in order, and which of them was told last: most are asked for one after the other. */
  #frames: Float64Array | undefined;
  #told = 0;

  constructor(pageSize: number) {
    this.#pageSize = pageSize;
  }

  /** Overwrites `[start, start + length)`, which belongs to an owner of the kind. */
  add(owner: string, start: PhysicalAddress, length: number): void {
    if (length <= 0) return;
    this.bytes += length;
    if (owner !== this.#tally.owner) this.#tally = this.#tallyOf(owner);
    this.#tally.ranges++;
    const pageSize = this.#pageSize;
    const from = start - this.#addedTo;
    if (this.#added !== undefined && from >= 0 && from + length <= pageSize) {
      addRange(this.#added, from, from + length);
      return;
    }
    let frame = Math.floor(start / pageSize);
    for (let from = start - frame * pageSize, left = length; left > 0; frame++, from = 0) {
      const to = Math.min(pageSize, from + left);
      left -= to - from;
      addRange(this.#rangesOf(frame), from, to);
    }
  }

  get owners(): ReadonlyMap<string, number> {
    return new Map(Array.from(this.#tallies.values(), ({ owner, ranges }) => [owner, ranges]));
  }

  #tallyOf(owner: string): Tally {
    const tally = this.#tallies.get(owner) ?? { owner, ranges: 0 };
    this.#tallies.set(owner, tally);
    return tally;
  }

  #rangesOf(frame: Frame): number[] {
    let ranges = this.#byFrame.get(frame);
    if (ranges === undefined) {
      ranges = [];
      this.#byFrame.set(frame, ranges);
      this.#frames = undefined;
      this.#told = 0;
    }
    this.#addedTo = frame * this.#pageSize;
    this.#added = ranges;
    return ranges;
  }

  next(frame: Frame): Frame {
    const frames = this.#sorted();
    return frames[this.#placeOf(frame, frames)] ?? Number.POSITIVE_INFINITY;
  }

  overwrite(frame: Frame, pages: Uint8Array): void {
    const pageSize = this.#pageSize;
    const frames = this.#sorted();
    const stop = frame + pages.length / pageSize;
    let n = this.#placeOf(frame, frames);
    for (; (frames[n] ?? stop) < stop; n++) {
      const page = frames[n] as Frame;
      const start = (page - frame) * pageSize;
      const ranges = this.#byFrame.get(page) as number[];
      for (let m = 0; m < ranges.length; m += 2)
        pages.fill(SCRUBBED, start + (ranges[m] as number), start + (ranges[m + 1] as number));
    }
    this.#told = n;
  }

  #sorted(): Float64Array {
    this.#frames ??= Float64Array.from(this.#byFrame.keys()).sort();
    return this.#frames;
  }

  /** Which of the frames in order is the first that is not below a frame. */
  #placeOf(frame: Frame, frames: Float64Array): number {
    const last = frames.length;
    let low = this.#told;
    if (low < last && frame > (frames[low] as number)) low++;
    if (
      (low > 0 && frame <= (frames[low - 1] as number)) ||
      (low < last && frame > (frames[low] as number))
    ) {
      low = 0;
      for (let high = last; low < high; ) {
        const middle = (low + high) >>> 1;
        if ((frames[middle] as number) < frame) low = middle + 1;
        else high = middle;
      }
    }
    this.#told = low;
    return low;
  }
}

/** Adds a range to those of its frame, to the last where it goes on from there. */
function addRange(ranges: number[], from: number, to: number): void {
  const last = ranges.length - 1;
  if (ranges[last] === from) ranges[last] = to;
  else ranges.push(from, to);
}

/** Finds what users wrote inside pages that are kept. What cannot be found is a finding. */
export function findSecrets(pages: ClassifiedPages): Scrubber {
  const ranges = new ScrubRanges(pages.dump.physical.pageSize);
  eachSecret(pages, (owner, start, length) => ranges.add(owner, start, length));
  return ranges;
}
