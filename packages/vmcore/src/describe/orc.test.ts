import { describe, expect, it } from 'vitest';
import { BtfWriter } from '../../test/btf_writer.ts';
import { type WrittenOrc, writeOrc } from '../../test/orc_writer.ts';
import { PiecewiseMemory } from '../../test/piecewise_memory.ts';
import { virtualAddress } from '../bytes/address.ts';
import { Btf } from './btf.ts';
import { pagedMemory } from './kernel_memory.ts';
import { numberedLayout, ORC_REG, orcLayout, orcNumbering } from './orc.ts';
import { orcByShape, orcTableAt } from './orc_tables.ts';
import { Types } from './types.ts';

const CODE = virtualAddress(0xffff_ffff_8100_0000n);
const TABLE = virtualAddress(0xffff_ffff_8280_0010n);

/** `struct orc_entry` of a kernel, with the bit fields that follow `bp_reg`. */
function types(fields: [string, number][]): Types {
  const w = new BtfWriter();
  const s16 = w.int('short int', 2, 1);
  const int = w.int('unsigned int', 4);
  let bit = 40;
  const members = fields.map(([name, bitSize]) => {
    const member = { name, type: int, value: bit, bitSize };
    bit += bitSize;
    return member;
  });
  w.struct('orc_entry', 6, [
    { name: 'sp_offset', type: s16, value: 0 },
    { name: 'bp_offset', type: s16, value: 16 },
    { name: 'sp_reg', type: int, value: 32, bitSize: 4 },
    { name: 'bp_reg', type: int, value: 36, bitSize: 4 },
    ...members,
  ]);
  return new Types(Btf.of(w.bytes()));
}

const NEW = types([
  ['type', 3],
  ['signal', 1],
]);

function entry(flags: number): Uint8Array {
  return Uint8Array.of(0xf0, 0xff, 0x10, 0, flags & 0xff, flags >> 8);
}

/** An entry of a function that was just called, which counts on the register of that number. */
const called = (sp: number) => Uint8Array.of(8, 0, 0, 0, sp, 2);

describe('orcNumbering', () => {
  const layout = orcLayout(NEW);
  const numberingOf = (...flags: Uint8Array[]) => orcNumbering(flags.map((bytes) => layout.decode(bytes, 0)));

  it('tells kernels apart by the stack register of functions just called', () => {
    const old = numberedLayout(layout, numberingOf(called(5), called(5), called(9)) ?? []);
    const now = numberedLayout(layout, numberingOf(called(3), called(3), called(9)) ?? []);
    // bp saved at 16 below the caller's stack, which counts on bp.
    const saved = (bp: number, prevSp: number) => Uint8Array.of(16, 0, 0xf0, 0xff, bp | (prevSp << 4), 2);
    const entry = { spReg: ORC_REG.bp, spOffset: 16, bpReg: ORC_REG.prevSp, bpOffset: -16 };
    expect(old.decode(saved(4, 1), 0)).toMatchObject(entry);
    expect(now.decode(saved(4, 8), 0)).toMatchObject(entry);
    expect(now.decode(called(10), 0)).toMatchObject({ spReg: ORC_REG.bpIndirect });
    expect(now.decode(called(1), 0)).toMatchObject({ spReg: 15 });
  });

  it('does not guess', () => {
    expect(numberingOf(called(7), called(7))).toBeUndefined();
    expect(numberingOf(entry(0x0a45))).toBeUndefined();
  });
});

describe('orcLayout', () => {
  it('reads the entries of v6.4 and later', () => {
    const layout = orcLayout(NEW);
    expect(layout.size).toBe(6);
    expect(layout.decode(entry(0x0a45), 0)).toEqual({
      type: 'call',
      signal: true,
      spReg: 5,
      spOffset: -16,
      bpReg: 4,
      bpOffset: 16,
    });
    expect([0, 1, 2, 3, 4, 5].map((type) => layout.decode(entry((type << 8) | 5), 0).type)).toEqual([
      'undefined',
      'end',
      'call',
      'regs',
      'regs-partial',
      'undefined',
    ]);
  });

  it('reads the entries of v6.3, where signal stands before end', () => {
    const layout = orcLayout(
      types([
        ['type', 2],
        ['signal', 1],
        ['end', 1],
      ]),
    );
    expect(layout.decode(entry(0x0005), 0)).toMatchObject({ type: 'call', signal: false });
    expect(layout.decode(entry(0x0505), 0)).toMatchObject({ type: 'regs', signal: true });
    expect(layout.decode(entry(0x0800), 0)).toMatchObject({ type: 'end' });
    expect(layout.decode(entry(0x0000), 0)).toMatchObject({ type: 'undefined' });
  });

  it('reads the entries before, where registers mean a signal', () => {
    const layout = orcLayout(
      types([
        ['type', 2],
        ['end', 1],
      ]),
    );
    expect(layout.decode(entry(0x0005), 0)).toMatchObject({ type: 'call', signal: false });
    expect(layout.decode(entry(0x0105), 0)).toMatchObject({ type: 'regs', signal: true });
    expect(layout.decode(entry(0x0205), 0)).toMatchObject({ type: 'regs-partial', signal: true });
    expect(layout.decode(entry(0x0400), 0)).toMatchObject({ type: 'end' });
    expect(layout.decode(entry(0x0000), 0)).toMatchObject({ type: 'undefined' });
  });

  it('says when the kernel has no ORC', () => {
    const none = new Types(Btf.of(new BtfWriter().bytes()));
    expect(() => orcLayout(none)).toThrow(expect.objectContaining({ code: 'not-described' }));
  });
});

/** Entries 32 bytes apart, each known by its stack offset. */
function many(count: number): WrittenOrc[] {
  return Array.from({ length: count }, (_, n) => ({
    address: CODE + BigInt(n * 32),
    type: n === count - 1 ? 0 : 2,
    spReg: 5,
    spOffset: n % 1000,
  }));
}

describe('OrcTable', () => {
  const layout = orcLayout(NEW);

  it('finds the last entry at or below an address', () => {
    const memory = new PiecewiseMemory();
    const entries: WrittenOrc[] = [
      { address: CODE, type: 2, spReg: 5, spOffset: 8 },
      { address: CODE + 16n, type: 0 },
      { address: CODE + 16n, type: 2, spReg: 5, spOffset: 24 },
      { address: CODE + 64n, type: 0 },
    ];
    const at = writeOrc(memory, TABLE, entries);
    const table = orcTableAt(memory, layout, TABLE, virtualAddress(at), entries.length);
    expect(table.find(CODE)?.spOffset).toBe(8);
    expect(table.find(CODE + 15n)?.spOffset).toBe(8);
    expect(table.find(CODE + 16n)).toMatchObject({ type: 'call', spOffset: 24 });
    expect(table.find(CODE + 63n)?.spOffset).toBe(24);
    expect(table.find(CODE - 1n)).toBeUndefined();
    expect(table.find(CODE + 64n)).toBeUndefined();
    expect(table.find(0n)).toBeUndefined();
  });

  it('reads fewer pages with orc_lookup, and does not believe a wrong one', () => {
    const count = 40_000;
    const memory = new PiecewiseMemory();
    const at = virtualAddress(writeOrc(memory, TABLE, many(count)));
    const right = new Uint32Array(count / 8 + 1).map((_, block) => Math.min(block * 8, count - 1));
    const lookup = virtualAddress((at + BigInt(count * 6) + 3n) & ~3n);
    const open = (words: Uint32Array) => {
      memory.add(lookup, new Uint8Array(words.buffer));
      const blocks = { words: pagedMemory(memory, lookup, words.length * 4, '.orc_lookup'), start: CODE };
      return orcTableAt(memory, layout, TABLE, at, count, blocks);
    };
    const fast = open(right);
    expect(fast.find(CODE + 32n * 12_345n + 5n)?.spOffset).toBe(345);
    expect(fast.pagesRead).toBeLessThanOrEqual(4);
    const wrong = open(right.map((n) => n ^ 0x1ff));
    expect(wrong.find(CODE + 32n * 12_345n + 5n)?.spOffset).toBe(345);
  });

  it('refuses tables of no size', () => {
    const memory = new PiecewiseMemory();
    for (const count of [0, -1, Number.NaN, 2 ** 30]) {
      expect(() => orcTableAt(memory, layout, TABLE, TABLE, count)).toThrow(
        expect.objectContaining({ code: 'bad-format' }),
      );
    }
  });
});

describe('orcByShape', () => {
  const layout = orcLayout(NEW);
  const end = virtualAddress(CODE + 0x20_0000n);

  it('finds the tables behind the code, to the word', () => {
    const memory = new PiecewiseMemory();
    // As __init code has it: behind the table itself, in no range that is known.
    const outside = { address: CODE + 0x300_0000n, type: 2, spReg: 5, spOffset: 77 };
    const last = { address: CODE + 0x300_0040n, type: 0 };
    const entries = [...many(60_000), outside, last];
    writeOrc(memory, TABLE, entries);
    const table = orcByShape(memory, layout, [{ start: CODE, end }]);
    expect(table?.count).toBe(entries.length);
    expect(table?.find(CODE + 32n * 777n)?.spOffset).toBe(777);
    expect(table?.find(CODE + 0x300_0001n)?.spOffset).toBe(77);
  });

  it('takes no other list of addresses for them', () => {
    const memory = new PiecewiseMemory();
    // .return_sites and the like: ascending addresses of code, with something else behind.
    const sites = new Int32Array(50_000).map((_, n) => Number(CODE - TABLE) + n * 16 - n * 4);
    memory.add(TABLE, new Uint8Array(sites.buffer));
    memory.add(TABLE + BigInt(sites.byteLength), new Uint8Array(8192).fill(0xee));
    expect(orcByShape(memory, layout, [{ start: CODE, end }])).toBeUndefined();
    expect(orcByShape(memory, layout, [])).toBeUndefined();
  });
});
