import { describe, expect, it } from 'vitest';
import { elfCore } from '../../test/elf_writer.ts';
import { Layout } from '../../test/layout_writer.ts';
import { MemorySource } from '../../test/memory_source.ts';
import { asciiText } from '../bytes/text.ts';
import { readPhysical } from '../physical_memory.ts';
import { openElf } from './elf.ts';

const page = (fill: number, pages = 1) => new Uint8Array(4096 * pages).fill(fill);
const open = (bytes: Uint8Array) => openElf(new MemorySource(bytes));

describe('openElf', () => {
  it('finds pages by their frame, in segments given in any order', () => {
    const core = elfCore([
      { address: 0x10_0000_0000, bytes: page(3) },
      { address: 0x1000, bytes: page(1, 2) },
      { address: 0x8000, bytes: page(2) },
    ]);
    const { memory, problems, machine } = open(core);
    expect([1, 2, 8, 0x100_0000].map((frame) => memory.page(frame)[0])).toEqual([1, 1, 2, 3]);
    expect([0, 3, 7, 9, 0x100_0001].map((frame) => memory.page(frame))).toEqual(new Array(5).fill('hole'));
    expect(memory.frameLimit).toBe(0x100_0001);
    expect(machine).toBe('x86_64');
    expect(problems).toEqual([]);
  });

  it('gives pages that later reads do not overwrite', () => {
    const { memory } = open(
      elfCore([
        { address: 0, bytes: page(1, 1) },
        { address: 0x1000, bytes: page(2) },
      ]),
    );
    const first = memory.page(0);
    memory.page(1);
    expect(first).toEqual(page(1));
    expect(memory.page(0)).toBe(first);
  });

  it('reads the notes and VMCOREINFO', () => {
    const notes = [
      { name: 'CORE', type: 1, bytes: page(7).subarray(0, 336) },
      { name: 'VMCOREINFO', type: 0, bytes: new TextEncoder().encode('OSRELEASE=6.1\nPAGESIZE=4096\n') },
    ];
    const container = open(elfCore([], notes));
    expect(container.notes.map((note) => [note.name, note.type, note.bytes.length])).toEqual([
      ['CORE', 1, 336],
      ['VMCOREINFO', 0, 28],
    ]);
    expect(asciiText(container.vmcoreinfo ?? page(0))).toContain('OSRELEASE=6.1');
  });

  it('puts together a page that two segments share, with zeros in between', () => {
    const core = elfCore([
      { address: 0x0, bytes: page(1).subarray(0, 0xc00) },
      { address: 0xf00, bytes: page(2).subarray(0, 0x200) },
    ]);
    const bytes = open(core).memory.page(0) as Uint8Array;
    expect([bytes[0xbff], bytes[0xc00], bytes[0xeff], bytes[0xf00], bytes[0xfff]]).toEqual([1, 0, 0, 2, 2]);
    expect((open(core).memory.page(1) as Uint8Array)[0xff]).toBe(2);
  });

  it('takes memory that several virtual mappings name once (QEMU with paging)', () => {
    const core = elfCore([
      { address: 0x2000, bytes: page(5), virtual: 0xffff_c900_0000_0000n },
      { address: 0x0, bytes: page(5, 4), virtual: 0xffff_8880_0000_0000n },
      { address: 0x3000, bytes: page(5, 3), virtual: 0xffff_c900_0010_0000n },
    ]);
    const { memory } = open(core);
    for (let frame = 0; frame < 6; frame++) expect(memory.page(frame)).toEqual(page(5));
    expect(memory.page(6)).toBe('hole');
  });

  it('tells memory left out of the dump from memory that never was', () => {
    const { memory } = open(elfCore([{ address: 0x1000, bytes: page(1), memoryBytes: 0x3000 }]));
    expect([0, 2, 3, 4].map((frame) => memory.page(frame))).toEqual(['hole', 'excluded', 'excluded', 'hole']);
    expect(() => readPhysical(memory, 0x1800, 0x1000)).toThrow('0x2000 was left out of the dump');
  });

  it('names the frames that it holds', () => {
    const far = { address: 2 ** 52, bytes: page(1).subarray(0, 100), memoryBytes: 2 ** 52 };
    const { memory } = open(elfCore([far, { address: 0x1000, bytes: page(1), memoryBytes: 2 ** 40 }]));
    expect([0, 1, 2].map((frame) => memory.nextHeld(frame))).toEqual([1, 1, 2 ** 40]);
    expect([2 ** 40 + 1, 2 ** 41].map((frame) => memory.nextHeld(frame))).toEqual([2 ** 41, 2 ** 41]);
  });

  it('reads what is there of a file that was cut off', () => {
    const core = elfCore([{ address: 0, bytes: page(1, 4) }]);
    const { memory, problems } = open(core.subarray(0, core.length - 0x1800));
    expect(memory.page(1)).toEqual(page(1));
    expect([2, 3].map((frame) => memory.page(frame))).toEqual(['cut-off', 'cut-off']);
    expect(problems).toEqual(['The file ends early: 0x1800 bytes of memory are missing']);
  });

  it('leaves out what segments name of the same bytes once they have named as many as there are', () => {
    const core = elfCore(
      Array.from({ length: 8 }, (_, n) => ({ address: n * 0x4000, bytes: page(n, n === 0 ? 4 : 0) })),
    );
    const headers = new DataView(core.buffer, core.byteOffset);
    const field = (index: number, at: number) => 64 + index * 56 + at;
    const loads = Array.from({ length: headers.getUint16(56, true) }, (_, n) => n).filter(
      (n) => headers.getUint32(field(n, 0), true) === 1,
    );
    for (const n of loads.slice(1)) {
      for (const at of [8, 32, 40])
        headers.setBigUint64(field(n, at), headers.getBigUint64(field(loads[0] ?? 0, at), true), true);
    }
    const { memory, problems } = open(core);
    let held = 0;
    for (let frame = memory.nextHeld(0); frame < memory.frameLimit; frame = memory.nextHeld(frame + 1))
      held++;
    expect(held).toBe(4);
    expect(memory.page(4)).toBe('excluded');
    expect(problems).toEqual(['Segments name more than the file has: 0x1c000 bytes of memory are left out']);
  });

  it('finds the count of more than 65534 segments in the first section header', () => {
    const core = elfCore([{ address: 0x1000, bytes: page(9) }]);
    const section = new Layout(64).u32(44, 2).bytes;
    const big = new Layout(core.length + 64).put(0, core).put(core.length, section);
    big.u16(56, 0xffff).u64(40, core.length);
    expect(open(big.bytes).memory.page(1)).toEqual(page(9));
  });
});

describe('openElf on files that cannot be', () => {
  const core = elfCore([{ address: 0, bytes: page(1) }]);
  const change = (edit: (layout: Layout) => unknown) => {
    const layout = new Layout(core.length).put(0, core);
    edit(layout);
    return layout.bytes;
  };

  it.each([
    ['elf-program', change((file) => file.u16(16, 2)), 'a program or library'],
    ['elf32', change((file) => file.u8(4, 1)), '64-bit little-endian'],
    ['elf-arm', change((file) => file.u16(18, 40)), 'machine 40'],
    ['cut-in-header', core.subarray(0, 40), 'ends inside its own header'],
    ['headers-past-end', change((file) => file.u16(56, 60_000)), '60000 program headers'],
    ['header-offset-huge', change((file) => file.u64(32, 2n ** 60n)), 'over 2^53'],
    ['header-size', change((file) => file.u16(54, 32)), 'Program headers of 32 bytes'],
  ])('%s', (_, bytes, message) => {
    expect(() => open(bytes)).toThrow(message);
  });

  it('passes over a segment or notes that cannot be, and says so', () => {
    const lying = change((file) => file.u64(64 + 56 + 24, 2n ** 62n).u64(64 + 32, 2n ** 40n));
    const { memory, notes, problems } = open(lying);
    expect(notes).toEqual([]);
    expect(memory.frameLimit).toBe(0);
    expect(problems).toHaveLength(2);
    expect(problems[0]).toContain('Program header 0 of the ELF core: Notes of 0x10000000000 bytes');
    expect(problems[1]).toContain(
      'Program header 1 of the ELF core: The 64-bit value 0x4000000000000000 is over 2^53',
    );
  });

  it('takes no note whose length runs past its segment', () => {
    const notes = [{ name: 'CORE', type: 1, bytes: page(7).subarray(0, 32) }];
    const file = elfCore([], [...notes, ...notes]);
    const noteAt = 64 + 56;
    const lying = new Layout(file.length).put(0, file).u32(noteAt + 20 + 32 + 4, 0xffff_fff0);
    expect(open(lying.bytes).notes).toHaveLength(1);
  });
});
