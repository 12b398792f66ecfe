import { concat, Layout } from './layout_writer.ts';

/** A page that a kdump file holds, with the flags of its compression. */
interface KdumpPage {
  frame: number;
  bytes: Uint8Array;
  flags?: number;
}

/** What a kdump file is made of; everything has a default. */
export interface KdumpFile {
  version?: number;
  frames: number;
  pages: readonly KdumpPage[];
  /** Frames that the machine had and the dump leaves out. */
  excluded?: readonly number[];
  status?: number;
  dumpLevel?: number;
  split?: { start: number; end: number };
  vmcoreinfo?: Uint8Array;
  notes?: Uint8Array;
  machine?: string;
  /** One bitmap only, as the first writers had it. */
  oneBitmap?: boolean;
}

const BLOCK = 4096;

/** A kdump-compressed file, laid out as makedumpfile does: headers, notes, bitmaps, descriptors, pages. */
export function kdumpFile(file: KdumpFile): Uint8Array {
  const version = file.version ?? 6;
  const vmcoreinfo = file.vmcoreinfo ?? new Uint8Array(0);
  const notes = file.notes ?? new Uint8Array(0);
  const subBlocks = 1 + Math.ceil((vmcoreinfo.length + notes.length) / BLOCK);
  const bitmapBlocks = Math.ceil(file.frames / 8 / BLOCK) * (file.oneBitmap ? 1 : 2);
  const header = new Layout(BLOCK)
    .text(0, 'KDUMP   ')
    .u32(8, version)
    .text(12 + 130, '6.1.0-test');
  header
    .text(12 + 260, file.machine ?? 'x86_64')
    .u64(408, 1_700_000_000)
    .u32(424, file.status ?? 0);
  header.u32(428, BLOCK).u32(432, subBlocks).u32(436, bitmapBlocks);
  // From version 6 on the old field is not used.
  header.u32(440, version < 6 ? file.frames : 0);
  const bitmapAt = BLOCK * (1 + subBlocks);
  const descriptorsAt = bitmapAt + BLOCK * bitmapBlocks;
  const { start, end } = file.split ?? { start: 0, end: file.frames };
  const held = [...file.pages]
    .sort((a, b) => a.frame - b.frame)
    .filter((page) => page.frame >= start && page.frame < end);
  return concat(
    header.bytes,
    subHeader(file, version, subBlocks, vmcoreinfo, notes),
    bitmaps(file, bitmapBlocks),
    ...descriptors(held, descriptorsAt),
  );
}

function subHeader(
  file: KdumpFile,
  version: number,
  blocks: number,
  vmcoreinfo: Uint8Array,
  notes: Uint8Array,
): Uint8Array {
  const sub = new Layout(BLOCK * blocks);
  sub
    .u64(0, 0x100_0000)
    .u32(8, file.dumpLevel ?? 31)
    .u32(12, file.split === undefined ? 0 : 1);
  sub.u64(16, file.split?.start ?? 0).u64(24, file.split?.end ?? 0);
  const vmcoreinfoAt = 2 * BLOCK;
  if (vmcoreinfo.length > 0) sub.u64(32, vmcoreinfoAt).u64(40, vmcoreinfo.length).put(BLOCK, vmcoreinfo);
  if (notes.length > 0) {
    sub
      .u64(48, vmcoreinfoAt + vmcoreinfo.length)
      .u64(56, notes.length)
      .put(BLOCK + vmcoreinfo.length, notes);
  }
  if (version >= 6) {
    sub
      .u64(80, file.split?.start ?? 0)
      .u64(88, file.split?.end ?? 0)
      .u64(96, file.frames);
    // The 32-bit fields of old versions are not used any more.
    sub.u64(16, 0).u64(24, 0);
  }
  return sub.bytes;
}

function bitmaps(file: KdumpFile, blocks: number): Uint8Array {
  const bytes = new Uint8Array(BLOCK * blocks);
  const second = file.oneBitmap ? 0 : bytes.length / 2;
  const set = (base: number, frame: number) => {
    const at = base + (frame >> 3);
    bytes[at] = (bytes[at] ?? 0) | (1 << (frame & 7));
  };
  for (const frame of file.oneBitmap ? [] : (file.excluded ?? [])) set(0, frame);
  for (const { frame } of file.pages) {
    set(0, frame);
    set(second, frame);
  }
  return bytes;
}

function descriptors(pages: readonly KdumpPage[], at: number): Uint8Array[] {
  const table = new Layout(24 * pages.length);
  let offset = at + table.bytes.length;
  pages.forEach((page, n) => {
    table
      .u64(24 * n, offset)
      .u32(24 * n + 8, page.bytes.length)
      .u32(24 * n + 12, page.flags ?? 0);
    offset += page.bytes.length;
  });
  return [table.bytes, ...pages.map((page) => page.bytes)];
}
