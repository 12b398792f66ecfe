import type { Frame, PhysicalAddress } from '../bytes/address.ts';
import type { ClassifiedPages } from './classify.ts';
import type { Scrubber } from './page_plan.ts';
import { secretRanges } from './secrets.ts';

/** What overwritten bytes read as: `X`, as makedumpfile's own filter writes. */
export const SCRUBBED = 0x58;

/** Nothing is overwritten. */
export const NO_SCRUBBING: Scrubber = {
  bytes: 0,
  owners: new Map(),
  touches: () => false,
  scrub: (_frame, page) => page,
};

/** Collects ranges of physical memory, and overwrites them page by page. */
export class ScrubRanges implements Scrubber {
  bytes = 0;
  readonly owners = new Map<string, number>();
  readonly #pageSize: number;
  /** By frame: start and end in the page, one pair after the other. */
  readonly #byFrame = new Map<Frame, number[]>();

  constructor(pageSize: number) {
    this.#pageSize = pageSize;
  }

  /** Overwrites `[start, start + length)`, which belongs to an owner of the kind. */
  add(owner: string, start: PhysicalAddress, length: number): void {
    if (length <= 0) return;
    this.bytes += length;
    this.owners.set(owner, (this.owners.get(owner) ?? 0) + 1);
    for (let at = start; at < start + length; ) {
      const frame = Math.floor(at / this.#pageSize);
      const from = at - frame * this.#pageSize;
      const to = Math.min(this.#pageSize, from + start + length - at);
      const ranges = this.#byFrame.get(frame);
      if (ranges === undefined) this.#byFrame.set(frame, [from, to]);
      else ranges.push(from, to);
      at += to - from;
    }
  }

  touches(frame: Frame): boolean {
    return this.#byFrame.has(frame);
  }

  scrub(frame: Frame, page: Uint8Array): Uint8Array {
    const ranges = this.#byFrame.get(frame);
    if (ranges === undefined) return page;
    const copy = page.slice();
    for (let n = 0; n < ranges.length; n += 2) copy.fill(SCRUBBED, ranges[n], ranges[n + 1]);
    return copy;
  }
}

/** Finds what users wrote inside pages that are kept. What cannot be found is a finding. */
export function findSecrets(pages: ClassifiedPages): Scrubber {
  const ranges = new ScrubRanges(pages.dump.physical.pageSize);
  for (const { owner, start, length } of secretRanges(pages)) ranges.add(owner, start, length);
  return ranges;
}
