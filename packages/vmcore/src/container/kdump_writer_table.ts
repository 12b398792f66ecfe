import type { ByteSink } from '../bytes/byte_sink.ts';
import { type PackCodec, STORED_PAGE, ZERO_PAGE } from '../codecs/page_packer.ts';
import { COMPRESSED } from './kdump_header.ts';
import { FrameSet } from './kdump_writer_bitmap.ts';
import type { PageLog } from './kdump_writer_log.ts';
import type { PageWriter } from './kdump_writer_pages.ts';

/** `struct page_desc`: offset, size, flags and page flags of one page of the dump. */
export const DESCRIPTOR_BYTES = 24;
/** Descriptors written at once. */
const CHUNK = 1024;
const TWO_32 = 0x1_0000_0000;

/** Writes the descriptors of all pages that were written, in the order of frames; returns how many are of zeros. */
export function writeDescriptors(
  sink: ByteSink,
  tableAt: number,
  pages: Pick<PageWriter, 'logs' | 'zeroAt'>,
  packing: { readonly codec: PackCodec; readonly pageSize: number },
): number {
  const { logs } = pages;
  const table = new Table(sink, tableAt, pages.zeroAt, packing);
  // Of each tier's next page: its run, its number in the tier, and where it lies.
  const next = logs.map(({ offset }) => ({ run: 0, index: 0, offset }));
  for (const tier of tiersOfRuns(logs)) {
    const log = logs[tier] as PageLog;
    const at = next[tier] as { run: number; index: number; offset: number };
    const end = at.index + log.lengthOf(at.run++);
    while (at.index < end) {
      const sizes = log.sizesFrom(at.index, end - at.index);
      at.offset = table.add(sizes, at.offset);
      at.index += sizes.length;
    }
  }
  table.flush();
  return table.zeroPages;
}

/** The frames whose pages were written. */
export function writtenFrames(logs: readonly PageLog[]): FrameSet {
  const held = new FrameSet();
  for (const log of logs)
    for (let run = 0; run < log.runs; run++) {
      const start = log.startOf(run);
      held.add(start, start + log.lengthOf(run));
    }
  return held;
}

/** Of the runs of all logs, in the order of frames, the log that has it; those of each ascend. */
function tiersOfRuns(logs: readonly PageLog[]): number[] {
  const keys = new Float64Array(logs.reduce((sum, { runs }) => sum + runs, 0));
  let count = 0;
  for (const [tier, log] of logs.entries())
    for (let run = 0; run < log.runs; run++) keys[count++] = log.startOf(run) * logs.length + tier;
  return Array.from(keys.sort(), (key) => key % logs.length);
}

/** Descriptors in the order in which they come, written a chunk at a time. */
class Table {
  zeroPages = 0;
  readonly #sink: ByteSink;
  readonly #zeroAt: number;
  readonly #pageSize: number;
  /** Of a page that is compressed. */
  readonly #flags: number;
  readonly #bytes = new Uint8Array(CHUNK * DESCRIPTOR_BYTES);
  /** Little-endian, as the machines are that this runs on. */
  readonly #words = new Uint32Array(this.#bytes.buffer);
  #at: number;
  #used = 0;

  constructor(
    sink: ByteSink,
    at: number,
    zeroAt: number,
    { codec, pageSize }: { readonly codec: PackCodec; readonly pageSize: number },
  ) {
    this.#sink = sink;
    this.#at = at;
    this.#zeroAt = zeroAt;
    this.#pageSize = pageSize;
    this.#flags = codec === 'none' ? 0 : COMPRESSED[codec];
  }

  /** Adds pages that lie one after another from `offset` on; returns where the next does. */
  add(sizes: Uint16Array, offset: number): number {
    const words = this.#words;
    const pageSize = this.#pageSize;
    const flags = this.#flags;
    let next = offset;
    let at = this.#used;
    for (let n = 0; n < sizes.length; n++) {
      const size = sizes[n] as number;
      const isZero = size === ZERO_PAGE;
      const isPlain = isZero || size === STORED_PAGE;
      const place = isZero ? this.#zeroAt : next;
      words[at] = place;
      words[at + 1] = place / TWO_32;
      words[at + 2] = isPlain ? pageSize : size;
      words[at + 3] = isPlain ? 0 : flags;
      at += DESCRIPTOR_BYTES / 4;
      if (isZero) this.zeroPages++;
      else next += isPlain ? pageSize : size;
      if (at < words.length) continue;
      this.#used = at;
      this.flush();
      at = 0;
    }
    this.#used = at;
    return next;
  }

  flush(): void {
    const bytes = this.#used * 4;
    if (bytes === 0) return;
    this.#sink.write(this.#at, this.#bytes.subarray(0, bytes));
    this.#at += bytes;
    this.#used = 0;
  }
}
