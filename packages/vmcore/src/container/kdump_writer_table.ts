import type { Frame } from '../bytes/address.ts';
import type { ByteSink } from '../bytes/byte_sink.ts';
import { type PackCodec, STORED_PAGE, ZERO_PAGE } from '../codecs/page_packer.ts';
import { COMPRESSED } from './kdump_header.ts';
import type { PageWriter } from './kdump_writer_pages.ts';
import type { SizeLog } from './kdump_writer_sizes.ts';

/** `struct page_desc`: offset, size, flags and page flags of one page of the dump. */
export const DESCRIPTOR_BYTES = 24;
/** Descriptors written at once. */
const CHUNK = 1024;
const TWO_32 = 0x1_0000_0000;

/** Writes the descriptors of all pages that were written, in the order of frames; returns how many are of zeros. */
export function writeDescriptors(
  sink: ByteSink,
  tableAt: number,
  tierOf: (frame: Frame) => number,
  pages: PageWriter,
  packing: { readonly codec: PackCodec; readonly pageSize: number },
): number {
  const { codec, pageSize } = packing;
  const table = new Table(sink, tableAt);
  const flags = codec === 'none' ? 0 : COMPRESSED[codec];
  // Of each tier's next page: its number in the tier, and where it lies.
  const next = pages.logs.map(({ offset }) => ({ index: 0, offset }));
  let zeroPages = 0;
  pages.held.forEach((frame) => {
    const tier = tierOf(frame);
    const at = next[tier] as { index: number; offset: number };
    const size = (pages.logs[tier] as SizeLog).at(at.index++);
    if (size === ZERO_PAGE) {
      table.add(pages.zeroAt, pageSize, 0);
      zeroPages++;
    } else {
      const bytes = size === STORED_PAGE ? pageSize : size;
      table.add(at.offset, bytes, size === STORED_PAGE ? 0 : flags);
      at.offset += bytes;
    }
  });
  table.flush();
  return zeroPages;
}

/** Descriptors in the order in which they come, written a chunk at a time. */
class Table {
  readonly #sink: ByteSink;
  readonly #bytes = new Uint8Array(CHUNK * DESCRIPTOR_BYTES);
  /** Little-endian, as the machines are that this runs on. */
  readonly #words = new Uint32Array(this.#bytes.buffer);
  #at: number;
  #used = 0;

  constructor(sink: ByteSink, at: number) {
    this.#sink = sink;
    this.#at = at;
  }

  add(offset: number, size: number, flags: number): void {
    const at = this.#used / 4;
    const words = this.#words;
    words[at] = offset;
    words[at + 1] = offset / TWO_32;
    words[at + 2] = size;
    words[at + 3] = flags;
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
