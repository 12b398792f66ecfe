import { readFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { noteBytes } from '../../test/elf_writer.ts';
import { type KdumpFile, kdumpFile } from '../../test/kdump_writer.ts';
import { Layout } from '../../test/layout_writer.ts';
import { MemorySource } from '../../test/memory_source.ts';
import { asciiText } from '../bytes/text.ts';
import { nodePlatform } from '../compiled/platform.node.ts';
import { openKdump } from './kdump.ts';
import { readKdumpHeader } from './kdump_header.ts';

const page = (fill: number) => new Uint8Array(4096).fill(fill);
const open = (...files: Uint8Array[]) =>
  openKdump(
    files.map((file) => new MemorySource(file)),
    nodePlatform,
  );
const raw = (frame: number) => ({ frame, bytes: page(frame & 0xff) });
const BITMAPS = 2 * 4096;

describe('openKdump', () => {
  it.each([1, 2, 3, 4, 5, 6])('reads version %i', (version) => {
    const file = kdumpFile({ version, frames: 40_000, pages: [raw(3), raw(35_000)], excluded: [4] });
    const { memory, machine, dumpLevel } = open(file);
    expect(memory.page(3)).toEqual(page(3));
    expect(memory.page(35_000)).toEqual(page(35_000 & 0xff));
    expect([4, 5, 40_000, 1e9].map((frame) => memory.page(frame))).toEqual([
      'excluded',
      'hole',
      'hole',
      'hole',
    ]);
    expect([machine, dumpLevel, memory.frameLimit]).toEqual(['x86_64', 31, 40_000]);
  });

  it('decompresses pages, and takes those that did not shrink as they are', () => {
    const pages = [
      { frame: 1, bytes: deflateSync(page(9)), flags: 1 },
      { frame: 2, bytes: page(8) },
    ];
    const { memory, compression } = open(kdumpFile({ frames: 8, pages, status: 1 }));
    expect([memory.page(1), memory.page(2), compression]).toEqual([page(9), page(8), 'zlib']);
  });

  it('copies pages to where they are kept, and says why there are none', () => {
    const pages = [
      { frame: 1, bytes: deflateSync(page(9)), flags: 1 },
      { frame: 2, bytes: page(8) },
      { frame: 3, bytes: deflateSync(page(9).subarray(1)), flags: 1 },
    ];
    const { memory } = open(kdumpFile({ frames: 8, pages, status: 1, excluded: [4] }));
    const copied = (frame: number) => {
      const target = page(0xee);
      return memory.copyPage?.(frame, target) ?? target;
    };
    expect([1, 2, 3, 4, 5].map(copied)).toEqual([page(9), page(8), 'damaged', 'excluded', 'hole']);
    const kept = memory.page(1);
    expect(copied(1)).toEqual(kept);
    expect(memory.page(1)).toBe(kept);
  });

  it('decompresses by itself what the platform does not', () => {
    const zstd = Uint8Array.from(
      readFileSync(new URL('../../test/fixtures/zstd/zero-page-3.zst', import.meta.url)),
    );
    const pages = [
      { frame: 1, bytes: deflateSync(page(9)), flags: 1 },
      { frame: 4, bytes: zstd, flags: 0x20 },
    ];
    const file = kdumpFile({ frames: 8, pages, status: 0x20 });
    const { memory, compression } = openKdump([new MemorySource(file)]);
    expect([1, 4].map((frame) => memory.page(frame))).toEqual([page(9), page(0)]);
    expect(compression).toBe('zstd');
    expect(readKdumpHeader(new MemorySource(file)).release).toBe('6.1.0-test');
  });

  it('reads notes and VMCOREINFO', () => {
    const text = new TextEncoder().encode('OSRELEASE=5.4\n');
    const notes = noteBytes([{ name: 'CORE', type: 1, bytes: page(1).subarray(0, 336) }]);
    const container = open(kdumpFile({ frames: 8, pages: [raw(1)], vmcoreinfo: text, notes }));
    expect(asciiText(container.vmcoreinfo ?? page(0))).toBe('OSRELEASE=5.4\n');
    expect(container.notes.map((note) => note.name)).toEqual(['CORE']);
    expect(container.memory.page(1)).toEqual(page(1));
  });

  it('takes VMCOREINFO from the notes where the sub-header does not name it (QEMU)', () => {
    const bytes = new TextEncoder().encode('OSRELEASE=6.1\n');
    const file = kdumpFile({
      frames: 8,
      pages: [],
      notes: noteBytes([{ name: 'VMCOREINFO', type: 0, bytes }]),
    });
    expect(open(file).vmcoreinfo).toEqual(bytes);
  });

  it('knows the pages left out when only zero pages were', () => {
    const file = kdumpFile({ frames: 8, pages: [raw(1)], excluded: [2], dumpLevel: 1 });
    expect(open(file).memory.page(2)).toEqual(page(0));
    const incomplete = kdumpFile({ frames: 8, pages: [raw(1)], excluded: [2], dumpLevel: 1, status: 8 });
    expect(open(incomplete).memory.page(2)).toBe('excluded');
    expect([open(file).incomplete, open(incomplete).incomplete]).toEqual([false, true]);
  });

  it('reads a file with one bitmap only', () => {
    const { memory } = open(kdumpFile({ version: 1, frames: 64, pages: [raw(3), raw(9)], oneBitmap: true }));
    expect([memory.page(9), memory.page(4)]).toEqual([page(9), 'hole']);
  });
});

describe('a split dump', () => {
  const part = (start: number, end: number) =>
    kdumpFile({ frames: 300, pages: [raw(3), raw(150), raw(250)], split: { start, end } });

  it('is one memory, its files given in any order', () => {
    const { memory, problems } = open(part(200, 300), part(0, 100), part(100, 200));
    expect([3, 150, 250].map((frame) => memory.page(frame))).toEqual([page(3), page(150), page(250)]);
    expect(problems).toEqual([]);
  });

  it('names the frames that it holds', () => {
    const { memory } = open(part(200, 300), part(0, 100));
    expect([0, 3, 4, 200, 251].map((frame) => memory.nextHeld(frame))).toEqual([3, 3, 250, 250, 300]);
  });

  it('says what is missing when a file is', () => {
    const { memory, problems } = open(part(0, 100), part(200, 300));
    expect([3, 150, 250].map((frame) => memory.page(frame))).toEqual([page(3), 'cut-off', page(250)]);
    expect([151, 400].map((frame) => memory.page(frame))).toEqual(['hole', 'hole']);
    expect(problems).toEqual(['The part of the split dump with page frames [0x64, 0xc8) was not given']);
  });

  it('is no set of files of different dumps', () => {
    const other = kdumpFile({ frames: 400, pages: [], split: { start: 0, end: 400 } });
    expect(() => open(part(0, 100), other)).toThrow('parts of different dumps');
    const whole = kdumpFile({ frames: 300, pages: [] });
    expect(() => open(part(0, 100), whole)).toThrow('not all are parts of a split dump');
  });
});

describe('a damaged kdump file', () => {
  const base: KdumpFile = { frames: 64, pages: [raw(1), raw(2), raw(3)] };
  const file = kdumpFile(base);
  const descriptors = BITMAPS + 2 * 4096;
  const change = (edit: (layout: Layout) => unknown) => {
    const layout = new Layout(file.length).put(0, file);
    edit(layout);
    return layout.bytes;
  };
  const pages = (bytes: Uint8Array) => [1, 2, 3].map((frame) => open(bytes).memory.page(frame));

  it.each([
    ['page-past-end.kdump', change((it) => it.u64(descriptors + 24, file.length - 4095)), 'cut-off'],
    ['page-offset-huge.kdump', change((it) => it.u64(descriptors + 24, 2n ** 63n)), 'damaged'],
    ['page-size-zero.kdump', change((it) => it.u32(descriptors + 32, 0)), 'damaged'],
    ['page-size-huge.kdump', change((it) => it.u32(descriptors + 32, 0x7fff_ffff)), 'damaged'],
    ['page-not-zlib.kdump', change((it) => it.u32(descriptors + 36, 1)), 'damaged'],
    ['page-not-lzo.kdump', change((it) => it.u32(descriptors + 36, 2)), 'damaged'],
    ['page-short.kdump', change((it) => it.u32(descriptors + 32, 100)), 'damaged'],
    [
      'descriptor-never-written.kdump',
      change((it) => it.u64(descriptors + 24, 0).u32(descriptors + 32, 0)),
      'cut-off',
    ],
  ])('%s loses the one page', (_, bytes, absence) => {
    expect(pages(bytes)).toEqual([page(1), absence, page(3)]);
  });

  it('loses what lies after its end', () => {
    expect(pages(file.subarray(0, file.length - 1))).toEqual([page(1), page(2), 'cut-off']);
    expect(pages(file.subarray(0, descriptors + 30))).toEqual(['cut-off', 'cut-off', 'cut-off']);
    expect(pages(file.subarray(0, BITMAPS))).toEqual(['hole', 'hole', 'hole']);
  });

  it.each([
    ['version-7.kdump', change((it) => it.u32(8, 7)), 'version 7; 1 to 6 are read'],
    ['block-size-0.kdump', change((it) => it.u32(428, 0)), 'blocks of 0 bytes'],
    ['no-sub-header.kdump', change((it) => it.u32(432, 0)), '0 blocks of sub-header'],
    ['frames-huge.kdump', change((it) => it.u64(4096 + 96, 2n ** 60n)), 'over 2^53'],
    ['cut-in-header.kdump', file.subarray(0, 100), 'ends inside its own header'],
  ])('%s does not open', (_, bytes, message) => {
    expect(() => open(bytes)).toThrow(message);
  });

  it('that claims more frames than can be counted names those it holds', () => {
    const { memory } = open(change((it) => it.u64(4096 + 96, 2n ** 52n)));
    expect([memory.nextHeld(0), memory.nextHeld(2), memory.nextHeld(4)]).toEqual([1, 2, 2 ** 52]);
  });

  it('says when notes lie outside of it', () => {
    const bytes = change((it) => it.u64(4096 + 48, file.length).u64(4096 + 56, 100));
    const { notes, problems } = open(bytes);
    expect(notes).toEqual([]);
    expect(problems[0]).toMatch(
      /^The dump's notes would lie at \[0x[0-9a-f]+, 0x[0-9a-f]+\) of a file of 0x/,
    );
  });
});
