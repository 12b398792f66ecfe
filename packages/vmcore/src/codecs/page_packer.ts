/** How the pages of a dump are compressed when it is written. */
export type PackCodec = 'none' | 'zlib' | 'zstd';

/** In `PageBatch.sizes`: a page of zeros, which has no bytes. */
export const ZERO_PAGE = 0;
/** In `PageBatch.sizes`: a page that would not shrink, stored as it is. */
export const STORED_PAGE = 0xffff;
/** Pages of a batch: few enough for a device's memory, many enough that a call costs nothing beside them. */
export const BATCH_PAGES = 64;

/** Pages that are compressed in one go. */
export interface PageBatch {
  /** The pages, one after another, for the writer to fill. */
  readonly pages: Uint8Array;
  /** Length of each page in `packed`, or `ZERO_PAGE`, or `STORED_PAGE`. */
  readonly sizes: Uint16Array;
  /** The compressed pages, each right after the other. */
  readonly packed: Uint8Array;
}

/**
 * Compresses pages: what takes most of the time of writing a dump, so each platform does it its own way. The
 * writer fills the batches in turn and finishes each before it fills it again; in between others may be in work.
 */
export interface PagePacker {
  readonly codec: PackCodec;
  readonly pageSize: number;
  readonly batches: readonly PageBatch[];
  /** Begins to compress the first `count` pages of a batch. */
  start(batch: PageBatch, count: number): void;
  /** Waits until that is done; returns how many bytes of `packed` are filled. */
  finish(batch: PageBatch): number;
  /** Ends what was started; the packer is of no use afterwards. */
  close(): void;
}

/** Compresses `count` pages of a batch and says how many bytes of `packed` it filled. */
export type PackBatch = (batch: PageBatch, count: number) => number;

/** A batch in memory of its own. */
export function newBatch(pageSize: number): PageBatch {
  return {
    pages: new Uint8Array(BATCH_PAGES * pageSize),
    sizes: new Uint16Array(BATCH_PAGES),
    packed: new Uint8Array(BATCH_PAGES * pageSize),
  };
}

/** A packer that does its work at once, in the caller's thread. */
export function inlinePacker(codec: PackCodec, pageSize: number, pack: PackBatch): PagePacker {
  const batch = newBatch(pageSize);
  let filled = 0;
  return {
    codec,
    pageSize,
    batches: [batch],
    start: (_, count) => {
      filled = pack(batch, count);
    },
    finish: () => filled,
    close: () => {},
  };
}

/** Packs pages without compression, on any platform. */
export function plainPacker(pageSize: number): PagePacker {
  return inlinePacker('none', pageSize, ({ pages, sizes, packed }, count) => {
    let filled = 0;
    for (let n = 0; n < count; n++) {
      const page = pages.subarray(n * pageSize, (n + 1) * pageSize);
      const zero = page.every((byte) => byte === 0);
      sizes[n] = zero ? ZERO_PAGE : STORED_PAGE;
      if (zero) continue;
      packed.set(page, filled);
      filled += pageSize;
    }
    return filled;
  });
}
