import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FlatMemory } from '../../../test/flat_memory.ts';
import { PageTableWriter } from '../../../test/page_table_writer.ts';
import { virtualAddress } from '../../bytes/address.ts';
import { highHalf, lowHalf } from '../../bytes/cursor.ts';
import { NO_TABLE, UNMAPPED } from '../translator.ts';
import { type PagingX86, X86PageTables } from './page_table.ts';

const MB2 = 2 ** 21;
const GB = 2 ** 30;

function setUp(levels: 4 | 5, encryption = 0n) {
  const memory = new FlatMemory();
  const writer = new PageTableWriter(memory, levels, 0x5000, encryption);
  const walker = (more: Partial<PagingX86> = {}) =>
    new X86PageTables(memory, { topTable: writer.top, levels, encryptionMask: encryption, ...more });
  const tables = (more: Partial<PagingX86> = {}) => {
    const walk = walker(more);
    return (address: bigint) => walk.translate(highHalf(address), lowHalf(address));
  };
  return { memory, writer, walker, tables };
}

/** Kernel addresses of the upper half, canonical for the count of levels. */
function kernelAddress(levels: 4 | 5): fc.Arbitrary<bigint> {
  const bits = levels === 5 ? 56n : 47n;
  return fc.bigInt(0n, (1n << bits) - 1n).map((value) => virtualAddress(value - (1n << bits)));
}

describe.each([4, 5] as const)('a walk of %i levels', (levels) => {
  it('translates as the tables say, whatever was asked before', () => {
    const mapping = fc.record({
      virtual: kernelAddress(levels),
      frame: fc.integer({ min: 0x1000, max: 2 ** 40 - 1 }),
      size: fc.constantFrom(4096, 4096, MB2, GB),
    });
    fc.assert(
      fc.property(
        fc.array(mapping, { minLength: 1, maxLength: 12 }),
        fc.array(fc.nat(GB - 1)),
        (mappings, offsets) => {
          const { writer, tables, walker } = setUp(levels);
          const model = new Map<bigint, { physical: number; size: number }>();
          for (const { virtual, frame, size } of mappings) {
            const start = virtual - (virtual % BigInt(size));
            // Large pages and tables do not share an entry: one mapping in each 512 GB.
            if ([...model.keys()].some((key) => key >> 39n === start >> 39n)) continue;
            const physical = frame * 4096 - ((frame * 4096) % size);
            writer.map(start, physical, size);
            model.set(start, { physical, size });
          }
          const translate = tables();
          const walk = walker();
          // Twice: the second time from the caches.
          for (const [start, { physical, size }] of [...model, ...model]) {
            for (const offset of [0, size - 1, ...offsets.map((n) => n % size)]) {
              const at = start + BigInt(offset);
              expect(translate(at)).toBe(physical + offset);
              const whole = Math.min(size, MB2);
              expect(walk.piece(highHalf(at), lowHalf(at))).toBe(whole - (offset % whole));
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('finds nothing where nothing is mapped, and at addresses that cannot be', () => {
    const { writer, tables } = setUp(levels);
    writer.map(0xffff_8880_0000_0000n, 0x9000);
    const translate = tables();
    expect(translate(0xffff_8880_0000_0000n)).toBe(0x9000);
    expect(translate(0xffff_8880_0000_1000n)).toBe(UNMAPPED);
    expect(translate(0xffff_8890_0000_0000n)).toBe(UNMAPPED);
    expect(translate(0x00ff_8880_0000_0000n | (1n << 62n))).toBe(UNMAPPED);
    expect(translate(0x1234_8880_0000_0000n)).toBe(UNMAPPED);
    expect(translate(levels === 4 ? 0xff11_0000_0000_0000n : 0xf011_0000_0000_0000n)).toBe(UNMAPPED);
  });

  it('takes the encryption bit out of entries', () => {
    const bit = 1n << 47n;
    const { writer, tables } = setUp(levels, bit);
    writer.map(0xffff_8880_0000_0000n, 0x9000);
    writer.map(0xffff_8880_4000_0000n, 4 * MB2, MB2);
    expect(tables()(0xffff_8880_0000_0123n)).toBe(0x9123);
    expect(tables()(0xffff_8880_4000_0123n)).toBe(4 * MB2 + 0x123);
    expect(tables({ encryptionMask: 0n })(0xffff_8880_0000_0123n)).toBe(NO_TABLE);
  });
});

describe('a page table that the dump lacks', () => {
  const { memory, writer, tables } = setUp(4);
  writer.map(0xffff_ffff_8100_0000n, 0x9000);
  memory.pages.delete(writer.top / 4096);
  const kernelImage = { kernelPhysicalBase: 0x1400_0000, kernelMapBytes: GB };

  it('is told from a page that is not mapped', () => {
    expect(tables()(0xffff_ffff_8100_0000n)).toBe(NO_TABLE);
  });

  it('is not needed for the kernel image, which lies in one piece', () => {
    const translate = tables(kernelImage);
    expect(translate(0xffff_ffff_8100_0123n)).toBe(0x1500_0123);
    expect(translate(0xffff_ffff_c000_0000n)).toBe(NO_TABLE);
    expect(translate(0xffff_ffff_7fff_f000n)).toBe(NO_TABLE);
    expect(translate(0xffff_8880_0000_0000n)).toBe(NO_TABLE);
  });

  it('puts no kernel image below physical memory', () => {
    const translate = tables({ ...kernelImage, kernelPhysicalBase: -0x200_0000 });
    expect(translate(0xffff_ffff_8100_0000n)).toBe(NO_TABLE);
    expect(translate(0xffff_ffff_8300_0000n)).toBe(0x100_0000);
  });
});

describe('tables that run in a circle', () => {
  it('end after as many levels as there are', () => {
    const memory = new FlatMemory();
    for (let at = 0; at < 4096; at += 8) memory.u64(0x5000 + at, 0x5067);
    const walk = new X86PageTables(memory, { topTable: 0x5000, levels: 5, encryptionMask: 0n });
    expect(walk.translate(0xffff_8880, 0x123)).toBe(0x5123);
  });
});

describe('the cache of translations', () => {
  it('reads no table twice for the pages of a loop', () => {
    const { memory, writer, tables } = setUp(5);
    for (let n = 0n; n < 64n; n++)
      writer.map(0xffff_c900_0000_0000n + n * 4096n, 0x10_0000 + Number(n) * 8192);
    const translate = tables();
    for (let n = 0n; n < 64n; n++) translate(0xffff_c900_0000_0000n + n * 4096n);
    const before = memory.reads;
    for (let n = 0n; n < 64n; n++) translate(0xffff_c900_0000_0008n + n * 4096n);
    expect(memory.reads).toBe(before);
  });
});
