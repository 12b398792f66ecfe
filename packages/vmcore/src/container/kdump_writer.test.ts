import { afterAll, describe, expect, it } from 'vitest';
import { elfCore, noteBytes } from '../../test/elf_writer.ts';
import { FileInMemory, runToEnd } from '../../test/file_in_memory.ts';
import { kdumpFile } from '../../test/kdump_writer.ts';
import { MemorySource } from '../../test/memory_source.ts';
import { DumpError } from '../bytes/errors.ts';
import { asciiText, utf8Bytes } from '../bytes/text.ts';
import { nodePacker } from '../codecs/packer.node.ts';
import { type PagePacker, plainPacker } from '../codecs/page_packer.ts';
import type { PhysicalMemory } from '../physical_memory.ts';
import { openElf } from './elf.ts';
import { openKdump } from './kdump.ts';
import { readRecord, recordNote, whatWasCut } from './kdump_record.ts';
import { type KdumpContent, type PageScrub, type WriteTier, writeKdump } from './kdump_writer.ts';

const PAGE = 4096;
const FRAMES = 1000;
const VMCOREINFO = 'OSRELEASE=6.1.0\nPAGESIZE=4096\n';

/** Text that shrinks, noise that does not, zeros; of each frame another. */
function pageOf(frame: number): Uint8Array {
  const page = new Uint8Array(PAGE);
  if (frame % 3 === 1) page.set(utf8Bytes(`frame ${frame} `.repeat(200)));
  let noise = frame + 1;
  if (frame % 3 === 2)
    for (let n = 0; n < PAGE; n++) {
      noise = (Math.imul(noise, 1_103_515_245) + 12_345) >>> 0;
      page[n] = noise >>> 24;
    }
  return page;
}

const MEMORY = concatPages(FRAMES);

function concatPages(count: number): Uint8Array {
  const bytes = new Uint8Array(count * PAGE);
  for (let frame = 0; frame < count; frame++) bytes.set(pageOf(frame), frame * PAGE);
  return bytes;
}

const core = elfCore(
  [
    { address: 0, bytes: MEMORY.subarray(0, 300 * PAGE) },
    { address: 400 * PAGE, bytes: MEMORY.subarray(400 * PAGE), memoryBytes: 700 * PAGE },
  ],
  [
    { name: 'CORE', type: 1, bytes: new Uint8Array(336).fill(7) },
    { name: 'VMCOREINFO', type: 0, bytes: utf8Bytes(VMCOREINFO) },
  ],
);
const elf = openElf(new MemorySource(core));

function tier(name: string, ...ranges: [number, number][]): WriteTier {
  const all = ranges.map(([start, end]) => ({ start, end }));
  return { name, pages: all.reduce((sum, { start, end }) => sum + end - start, 0), ranges: () => all };
}

/** Three tiers whose frames lie between one another's; the holes of the machine are in the last. */
const TIERS = [
  tier('best', [500, 600], [10, 20]),
  tier('good', [700, 900]),
  tier('rest', [0, 10], [20, 500]),
];
TIERS[0] = tier('best', [10, 20], [500, 600]);

function content(tiers: readonly WriteTier[], memory: PhysicalMemory = elf.memory): KdumpContent {
  return {
    memory,
    notes: elf.notes,
    vmcoreinfo: elf.vmcoreinfo ?? new Uint8Array(0),
    names: {
      sysname: 'Linux',
      nodename: 'n',
      release: '6.1.0',
      version: '#1',
      machine: 'x86_64',
      domainname: '',
    },
    physicalBase: -4096n,
    timestamp: 1_700_000_000,
    dumpLevel: 31,
    tiers,
    scrub: undefined,
    record: (outcomes) => recordNote({ writer: 'test', budgetBytes: undefined, tiers: outcomes, more: [] }),
  };
}

const zlib = nodePacker(PAGE, 2);
afterAll(() => zlib.close());

function write(packer: PagePacker, made: KdumpContent, budgetBytes?: number) {
  const file = new FileInMemory();
  const outcome = runToEnd(writeKdump(made, file, { packer, budgetBytes }));
  return { file, outcome, dump: openKdump([new MemorySource(file.bytes)]) };
}

const held = (memory: PhysicalMemory) =>
  Array.from({ length: 1100 }, (_, frame) => frame).filter((frame) => typeof memory.page(frame) !== 'string');

/** Whether the memory has the frame's page as it was; the runner's own comparison takes 10 ms a page. */
function isRight(memory: PhysicalMemory, frame: number): boolean {
  const page = memory.page(frame);
  return typeof page !== 'string' && Buffer.compare(page, pageOf(frame)) === 0;
}

describe('writeKdump', () => {
  it.each([
    ['zlib', zlib],
    ['none', plainPacker(PAGE)],
  ] as const)('with %s writes what openKdump reads', (codec, packer) => {
    const { dump, outcome, file } = write(packer, content(TIERS));
    const frames = [...range(0, 300), ...range(400, 600), ...range(700, 900)];
    expect(held(dump.memory)).toEqual(frames);
    expect(frames.filter((frame) => !isRight(dump.memory, frame))).toEqual([]);
    expect([650, 300, 1050].map((frame) => dump.memory.page(frame))).toEqual([
      'excluded',
      'hole',
      'excluded',
    ]);
    expect(dump.memory.frameLimit).toBe(1100);
    expect([dump.compression, dump.incomplete, dump.dumpLevel, dump.problems]).toEqual([
      codec === 'none' ? undefined : codec,
      false,
      31,
      [],
    ]);
    expect(outcome).toMatchObject({ bytes: file.size, pages: 700, complete: true });
    expect(outcome.zeroPages).toBe(frames.filter((frame) => frame % 3 === 0).length);
    expect(outcome.tiers[2]).toEqual({ name: 'rest', pages: 490, written: 390, missing: 100, cut: 0 });
  });

  it('keeps the notes as they are, and adds its own', () => {
    const { dump } = write(zlib, content(TIERS));
    expect(dump.notes.slice(0, -1)).toEqual(elf.notes);
    expect(asciiText(dump.vmcoreinfo ?? new Uint8Array(0))).toBe(VMCOREINFO);
    expect(readRecord(dump.notes)?.tiers.map(({ name }) => name)).toEqual(['best', 'good', 'rest']);
  });

  it('writes a dump anew that it wrote before, with one record', () => {
    const first = write(zlib, content(TIERS)).dump;
    const second = write(plainPacker(PAGE), { ...content(TIERS, first.memory), notes: first.notes }).dump;
    expect(held(second.memory)).toEqual(held(first.memory));
    expect(isRight(second.memory, 11)).toBe(true);
    expect(second.notes.map(({ name }) => name)).toEqual(['CORE', 'VMCOREINFO', 'KCRASH']);
  });

  it('adds VMCOREINFO to notes that lack it', () => {
    const { dump } = write(zlib, { ...content(TIERS), notes: [] });
    expect(asciiText(dump.vmcoreinfo ?? new Uint8Array(0))).toBe(VMCOREINFO);
  });

  it('reads pages that lie compressed in their source', () => {
    const pages = [3, 4, 9].map((frame) => ({ frame, bytes: pageOf(frame) }));
    const notes = noteBytes([{ name: 'VMCOREINFO', type: 0, bytes: utf8Bytes(VMCOREINFO) }]);
    const source = openKdump([new MemorySource(kdumpFile({ frames: 64, pages, excluded: [5], notes }))]);
    const { dump } = write(zlib, content([tier('all', [0, 64])], source.memory));
    expect(held(dump.memory)).toEqual([3, 4, 9]);
    expect([5, 6].map((frame) => dump.memory.page(frame))).toEqual(['excluded', 'hole']);
    expect(isRight(dump.memory, 4)).toBe(true);
  });

  it('overwrites what the plan says', () => {
    const scrub: PageScrub = {
      overwrite: (frame, pages) => {
        const at = (11 - frame) * PAGE;
        if (at >= 0 && at < pages.length) pages.fill(0x5c, at, at + 8);
      },
    };
    const { dump } = write(zlib, { ...content(TIERS), scrub });
    const page = dump.memory.page(11) as Uint8Array;
    expect([...page.subarray(0, 9)]).toEqual([...Array(8).fill(0x5c), pageOf(11)[8]]);
    expect([isRight(dump.memory, 13), isRight(elf.memory, 11)]).toEqual([true, true]);
  });
});

describe('a dump with a budget', () => {
  const whole = write(zlib, content(TIERS)).outcome.bytes;

  it.each([0.95, 0.7, 0.5, 0.3, 0.2])('of %d of its size is cut by worth, and says so', (share) => {
    const budget = Math.floor(whole * share);
    const { dump, outcome, file } = write(zlib, content(TIERS), budget);
    expect(file.size).toBeLessThanOrEqual(budget);
    expect(file.size).toBeGreaterThan(budget * 0.9 - 8192);
    expect(outcome).toMatchObject({ complete: false, bytes: file.size });
    expect(dump.incomplete).toBe(true);
    const order = [
      ...range(10, 20),
      ...range(500, 600),
      ...range(700, 900),
      ...range(0, 10),
      ...range(20, 300),
    ];
    const kept = [...order, ...range(400, 500)].slice(0, outcome.pages);
    expect(held(dump.memory)).toEqual(kept.sort((a, b) => a - b));
    expect(kept.filter((frame) => !isRight(dump.memory, frame))).toEqual([]);
    const record = readRecord(dump.notes);
    expect(record?.tiers).toEqual(outcome.tiers);
    expect(record && whatWasCut(record)).toMatch(/^Left out since .* pages of tier rest$/);
    expect(dump.problems.join()).toContain('pages of tier rest');
  });

  it('that holds no page is a dump without pages', () => {
    const { outcome } = write(zlib, content(TIERS), 1 << 20);
    const none = write(zlib, content(TIERS), 6 * PAGE);
    expect([outcome.pages > 0, none.outcome.pages, none.file.size]).toEqual([true, 0, none.outcome.bytes]);
    expect(asciiText(none.dump.vmcoreinfo ?? new Uint8Array(0))).toBe(VMCOREINFO);
    expect(held(none.dump.memory)).toEqual([]);
  });

  it('that the headers alone exceed is refused', () => {
    expect(() => write(zlib, content(TIERS), 2 * PAGE)).toThrow(
      expect.objectContaining({ code: 'no-room', message: expect.stringContaining('the budget is 0x2000') }),
    );
  });
});

describe('a dump that cannot be written', () => {
  it('on a disk that is full ends in the error of the disk, and is no dump', () => {
    for (const limit of [100, PAGE * 4, PAGE * 20]) {
      const file = new FileInMemory(limit);
      const steps = writeKdump(content(TIERS), file, { packer: plainPacker(PAGE) });
      expect(() => runToEnd(steps)).toThrow(new DumpError('no-room', `The disk ends at ${limit}`));
      expect(() => openKdump([new MemorySource(file.bytes)])).toThrow('does not start as');
    }
  });

  it('has frames beyond counting', () => {
    const memory = {
      ...nothing,
      frameLimit: 2 ** 40,
      stretch: () => ({ end: 2 ** 40, state: 'excluded' as const }),
    };
    expect(() => write(zlib, content([], memory))).toThrow('fewer than 2^32');
  });
});

const nothing: PhysicalMemory = { pageSize: PAGE, frameLimit: 0, page: () => 'hole', nextHeld: () => 0 };

function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, n) => start + n);
}
