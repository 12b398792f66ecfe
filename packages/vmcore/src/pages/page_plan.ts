import type { Frame } from '../bytes/address.ts';
import type { PageClass } from './page_class.ts';

/** Page frames `[start, end)`. */
export interface FrameRange {
  readonly start: Frame;
  readonly end: Frame;
}

/** Pages of equal worth: a writer that runs out of room drops whole tiers from the end, and cuts one. */
export interface PageTier {
  /** For people and for the record of what was left out: `slab`. */
  readonly name: string;
  /** Page frames in the tier; some may be absent from the source dump, or hold zeros. */
  readonly pages: number;
  /** The frames, ascending; each call starts again. */
  ranges(): Iterable<FrameRange>;
}

/** How many page frames there are of one class. */
export interface ClassCount {
  readonly class: PageClass;
  /** Frames that the machine's memory map has of it. */
  readonly pages: number;
  /** Frames of those that the plan keeps: all or none, but for memory maps. */
  readonly kept: number;
}

/** Bytes inside kept pages that belong to users: what a writer overwrites. */
export interface Scrubber {
  /** Bytes in all. */
  readonly bytes: number;
  /** How many ranges of which owner: `keys` 3, `socket buffers` 17. */
  readonly owners: ReadonlyMap<string, number>;
  /** The first frame from this one on that has any; infinite where none has. */
  next(frame: Frame): Frame;
  /** Overwrites them in pages from a frame on, which are the caller's own. */
  overwrite(frame: Frame, pages: Uint8Array): void;
}

/**
 * Which pages of a crashed machine a dump keeps, in order of worth. A writer goes through the tiers and takes
 * every frame that the source holds (`PhysicalMemory.page` gives bytes), until its budget is full; a page of
 * zeros needs no bytes of its own. Memory use: one byte for each frame that the memory map describes.
 */
export interface PagePlan {
  /** One past the highest frame that any tier has. */
  readonly frameLimit: Frame;
  /** Most worth first. No frame is in two. */
  readonly tiers: readonly PageTier[];
  /** Index into `tiers` of a frame's tier, or -1 for a frame that is not kept. */
  tierOf(frame: Frame): number;
  /** In the order of `PAGE_CLASSES`; classes without pages too. */
  readonly classes: readonly ClassCount[];
  readonly scrub: Scrubber;
  /** What is wrong with the memory map or could not be read, one sentence each: pages may be missing for it. */
  readonly findings: readonly string[];
}
