import type { Frame } from '../bytes/address.ts';
import type { ByteSink } from '../bytes/byte_sink.ts';
import { type PackCodec, STORED_PAGE, ZERO_PAGE } from '../codecs/page_packer.ts';
import { COMPRESSED } from './kdump_header.ts';
import type { WriteTier } from './kdump_writer.ts';
import type { PageWriter } from './kdump_writer_pages.ts';
import type { SizeLog } from './kdump_writer_sizes.ts';

/** `struct page_desc`: offset, size, flags and page flags of one page of the dump. */
export const DESCRIPTOR_BYTES = 24;
/** Descriptors written at once. */
const CHUNK = 1024;
const TWO_32 = 0x1_0000_0000;

/** How far the table has come in a tier. */
interface Cursor {
  readonly ranges: Iterator<{ readonly start: Frame; readonly end: Frame }>;
  readonly log: SizeLog;
  range: { readonly start: Frame; readonly end: Frame } | undefined;
  /** Of the next page: its number in the tier, and where it lies. */
  index: number;
  offset: number;
}

/** Writes the descriptors of all pages that were written, in the order of frames. */
export function writeDescriptors(
  sink: ByteSink,
  tableAt: number,
  tiers: readonly WriteTier[],
  pages: PageWriter,
  packing: { readonly codec: PackCodec; readonly pageSize: number },
): void {
  const table = new Table(sink, tableAt);
  const flags = packing.codec === 'none' ? 0 : COMPRESSED[packing.codec];
  const cursors = tiers.map((tier, n) => cursorOf(tier, pages.logs[n] as SizeLog));
  for (let cursor = lowest(cursors); cursor !== undefined; cursor = lowest(cursors)) {
    const { start, end } = cursor.range as { start: Frame; end: Frame };
    for (let frame = start; frame < end; frame++) {
      if (!pages.held.has(frame)) continue;
      const size = cursor.log.at(cursor.index++);
      if (size === ZERO_PAGE) {
        table.add(pages.zeroAt, packing.pageSize, 0);
        continue;
      }
      const bytes = size === STORED_PAGE ? packing.pageSize : size;
      table.add(cursor.offset, bytes, size === STORED_PAGE ? 0 : flags);
      cursor.offset += bytes;
    }
    cursor.range = nextRange(cursor.ranges);
  }
  table.flush();
}

function cursorOf(tier: WriteTier, log: SizeLog): Cursor {
  const ranges = tier.ranges()[Symbol.iterator]();
  return { ranges, log, range: nextRange(ranges), index: 0, offset: log.offset };
}

function nextRange(ranges: Cursor['ranges']): Cursor['range'] {
  const next = ranges.next();
  return next.done ? undefined : next.value;
}

/** The cursor at the lowest frame: tiers share none, so all of its range comes before any other's. */
function lowest(cursors: readonly Cursor[]): Cursor | undefined {
  let first: Cursor | undefined;
  for (const cursor of cursors) {
    if (cursor.range === undefined) continue;
    if (first?.range === undefined || cursor.range.start < first.range.start) first = cursor;
  }
  return first;
}

/** Descriptors in the order in which they come, written a chunk at a time. */
class Table {
  readonly #sink: ByteSink;
  readonly #bytes = new Uint8Array(CHUNK * DESCRIPTOR_BYTES);
  readonly #view = new DataView(this.#bytes.buffer);
  #at: number;
  #used = 0;

  constructor(sink: ByteSink, at: number) {
    this.#sink = sink;
    this.#at = at;
  }

  add(offset: number, size: number, flags: number): void {
    const at = this.#used;
    this.#view.setUint32(at, offset % TWO_32, true);
    this.#view.setUint32(at + 4, Math.floor(offset / TWO_32), true);
    this.#view.setUint32(at + 8, size, true);
    this.#view.setUint32(at + 12, flags, true);
    this.#used += DESCRIPTOR_BYTES;
    if (this.#used === this.#bytes.length) this.flush();
  }

  flush(): void {
    if (this.#used === 0) return;
    this.#sink.write(this.#at, this.#bytes.subarray(0, this.#used));
    this.#at += this.#used;
    this.#used = 0;
  }
}
