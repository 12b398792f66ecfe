import type { Frame } from '../bytes/address.ts';
import type { ByteSink } from '../bytes/byte_sink.ts';
import { DumpError } from '../bytes/errors.ts';
import type { PagePacker } from '../codecs/page_packer.ts';
import { type PhysicalMemory, stretchAt } from '../physical_memory.ts';
import type { TierOutcome } from './kdump_record.ts';
import { FrameSet } from './kdump_writer_bitmap.ts';
import { type DumpNames, headerBlocks, noteSegment } from './kdump_writer_header.ts';
import { PageWriter } from './kdump_writer_pages.ts';
import { DESCRIPTOR_BYTES, writeDescriptors, writtenFrames } from './kdump_writer_table.ts';
import { type Note, NT_PRSTATUS } from './notes.ts';

/** Pages of equal worth, as `PageTier` has them. */
export interface WriteTier {
  readonly name: string;
  /** How many there are. */
  readonly pages: number;
  /** Their frames `[start, end)`, ascending; each call starts again. No frame is in two tiers. */
  ranges(): Iterable<{ readonly start: Frame; readonly end: Frame }>;
}

/** What of pages is to be overwritten. */
export interface PageScrub {
  /** Overwrites it in pages from a frame on, which are the writer's own. */
  overwrite(frame: Frame, pages: Uint8Array): void;
}

/** What a dump is made of. */
export interface KdumpContent {
  readonly memory: PhysicalMemory;
  readonly notes: readonly Note[];
  readonly vmcoreinfo: Uint8Array;
  readonly names: DumpNames;
  /** Where the kernel lies in physical memory, signed. */
  readonly physicalBase: bigint;
  /** Seconds since the epoch. */
  readonly timestamp: number;
  /** What is left out, as makedumpfile's `-d` numbers it. */
  readonly dumpLevel: number;
  /** Most worth first: where there is no room for all, the last are left out. */
  readonly tiers: readonly WriteTier[];
  /** What is to be overwritten, if anything is. */
  readonly scrub: PageScrub | undefined;
  /**
   * A note about the dump itself, made of what became of the tiers. It is asked for before too, with the largest
   * numbers that may come: it must not be longer afterwards.
   */
  readonly record: (tiers: readonly TierOutcome[]) => Note;
}

export interface KdumpOptions {
  readonly packer: PagePacker;
  /** The file grows no larger than this. */
  readonly budgetBytes?: number | undefined;
}

/** How far a dump has come. */
export interface WriteProgress {
  readonly donePages: number;
  readonly totalPages: number;
  readonly writtenBytes: number;
}

/** What was written. */
export interface KdumpOutcome {
  readonly bytes: number;
  readonly pages: number;
  /** Those of `pages` that are all zeros, and share one place. */
  readonly zeroPages: number;
  /** False where the budget cut the dump. */
  readonly complete: boolean;
  readonly tiers: readonly TierOutcome[];
}

/** 16 TB of memory in pages of 4 KiB: a hostile dump may claim more than can be written down. */
const MOST_FRAMES = 2 ** 32;
/** So many bytes of budget for each place in the table of pages: pages shrink to a thousand bytes or so. */
const BYTES_PER_PLACE = 320;

const VMCOREINFO = 'VMCOREINFO';

/** Where everything before the first page lies. */
interface Layout {
  readonly notesAt: number;
  readonly subHeaderBlocks: number;
  readonly bitmapAt: number;
  /** Of each of the two bitmaps. */
  readonly bitmapBytes: number;
  readonly tableAt: number;
}

/**
 * Writes a kdump-compressed file of version 6: tier after tier, each page compressed by itself; then the table of
 * pages in the order of frames, the bitmap of those that found room, and the headers. The first block comes last,
 * so that a file without it is no dump. Memory use: two bytes a page, sixteen a run of pages, a bit a frame, and the
 * packer's batches. Throws `no-room` where not even the headers fit the budget, `unsupported` for frames beyond
 * counting, and what the source and the sink throw.
 */
export function* writeKdump(
  content: KdumpContent,
  sink: ByteSink,
  options: KdumpOptions,
): Generator<WriteProgress, KdumpOutcome> {
  const { memory, tiers } = content;
  const budget = options.budgetBytes ?? Number.MAX_SAFE_INTEGER;
  const present = presentFrames(memory);
  const planned = tiers.map(({ name, pages }) => ({
    name,
    pages,
    written: pages,
    missing: pages,
    cut: pages,
  }));
  const layout = layOut(content, noteSegment(notesOf(content, planned)).bytes.length, present.frameLimit);
  if (layout.tableAt > budget) {
    const wanted = `0x${layout.tableAt.toString(16)} bytes before its first page`;
    throw new DumpError(
      'no-room',
      `A dump of this machine has ${wanted}; the budget is 0x${budget.toString(16)}`,
    );
  }
  present.write(sink, layout.bitmapAt);
  const total = tiers.reduce((sum, tier) => sum + tier.pages, 0);
  const places = Math.min(total, Math.floor(budget / BYTES_PER_PLACE));
  const dataAt = layout.tableAt + places * DESCRIPTOR_BYTES;
  const pages = new PageWriter(content, sink, options.packer, { dataAt, places, limit: budget });
  yield* pages.write(total);
  const zeroPages = writeDescriptors(sink, layout.tableAt, pages, options.packer);
  if (zeroPages > 0) sink.write(pages.zeroAt, new Uint8Array(options.packer.pageSize));
  writtenFrames(pages.logs).write(sink, layout.bitmapAt + layout.bitmapBytes);
  writeHead(content, sink, options.packer, layout, pages, present.frameLimit);
  // Where nothing follows the bitmaps, they must be there all the same.
  if (pages.written === 0) sink.write(layout.tableAt - 1, new Uint8Array(1));
  return {
    bytes: pages.written === 0 ? layout.tableAt : pages.end,
    pages: pages.written,
    zeroPages,
    complete: pages.complete,
    tiers: pages.tiers,
  };
}

/** Every frame that was memory of the machine. */
function presentFrames(memory: PhysicalMemory): FrameSet {
  const present = new FrameSet();
  for (let frame = 0; frame < memory.frameLimit; ) {
    const { end, state } = stretchAt(memory, frame);
    if (state !== 'hole') {
      if (end > MOST_FRAMES) {
        throw new DumpError(
          'unsupported',
          `Page frames up to 0x${end.toString(16)}; fewer than 2^32 are written`,
        );
      }
      present.add(frame, end);
    }
    frame = end;
  }
  return present;
}

function layOut(content: KdumpContent, noteBytes: number, frames: Frame): Layout {
  const { pageSize } = content.memory;
  const blocks = (bytes: number) => Math.ceil(bytes / pageSize);
  const notesAt = 2 * pageSize;
  const subHeaderBlocks = 1 + blocks(noteBytes);
  const bitmapAt = (1 + subHeaderBlocks) * pageSize;
  const bitmapBytes = blocks(frames / 8) * pageSize;
  const tableAt = bitmapAt + 2 * bitmapBytes;
  return { notesAt, subHeaderBlocks, bitmapAt, bitmapBytes, tableAt };
}

/** The source's notes, and the record of what this dump is, which takes the place of an earlier one. */
function notesOf(content: KdumpContent, tiers: readonly TierOutcome[]): Note[] {
  const record = content.record(tiers);
  const notes = content.notes.filter((note) => note.name !== record.name);
  const described = notes.some((note) => note.name === VMCOREINFO);
  const own = described ? [] : [{ name: VMCOREINFO, type: 0, bytes: content.vmcoreinfo }];
  return [...notes, ...own, record];
}

function writeHead(
  content: KdumpContent,
  sink: ByteSink,
  packer: PagePacker,
  layout: Layout,
  pages: PageWriter,
  frames: Frame,
): void {
  const { pageSize } = content.memory;
  const notes = notesOf(content, pages.tiers);
  const { bytes, descriptors } = noteSegment(notes);
  sink.write(layout.notesAt, bytes);
  const vmcoreinfo = notes.findIndex((note) => note.name === VMCOREINFO);
  const head = headerBlocks({
    names: content.names,
    timestamp: content.timestamp,
    codec: packer.codec,
    incomplete: !pages.complete,
    blockSize: pageSize,
    subHeaderBlocks: layout.subHeaderBlocks,
    bitmapBlocks: (2 * layout.bitmapBytes) / pageSize,
    frames,
    pages: pages.written,
    cpus: content.notes.filter((note) => note.name === 'CORE' && note.type === NT_PRSTATUS).length,
    physicalBase: content.physicalBase,
    dumpLevel: content.dumpLevel,
    notes: { offset: layout.notesAt, length: bytes.length },
    vmcoreinfo: {
      offset: layout.notesAt + (descriptors[vmcoreinfo] ?? 0),
      length: notes[vmcoreinfo]?.bytes.length ?? 0,
    },
  });
  sink.write(pageSize, head.subarray(pageSize));
  sink.write(0, head.subarray(0, pageSize));
}
