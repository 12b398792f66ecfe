import { describe, expect, it } from 'vitest';
import { elfCore } from '../test/elf_writer.ts';
import { FlatMemory } from '../test/flat_memory.ts';
import { kdumpFile } from '../test/kdump_writer.ts';
import { MemorySource } from '../test/memory_source.ts';
import { PageTableWriter } from '../test/page_table_writer.ts';
import { virtualAddress } from './bytes/address.ts';
import { kernelPaging, openVmcore } from './vmcore.ts';

const KERNEL = 0xffff_ffff_8100_0000n;
const TEXT = `OSRELEASE=6.1.0-test
PAGESIZE=4096
SYMBOL(init_top_pgt)=${(KERNEL + 0x5000n).toString(16)}
NUMBER(phys_base)=0
NUMBER(pgtable_l5_enabled)=0
NUMBER(sme_mask)=0
NUMBER(KERNEL_IMAGE_SIZE)=1073741824
`;

/** A machine of 32 MB whose kernel lies at 16 MB, and where its VMCOREINFO is. */
function machine(text: string, textFrame: number) {
  const memory = new FlatMemory();
  const top = 0x100_5000;
  const tables = new PageTableWriter(memory, 4, top);
  tables.map(KERNEL, 0x100_0000, 2 ** 21);
  tables.map(0xffff_8880_0000_3000n, 0x3000);
  memory.put(0x3000, Uint8Array.of(0x2a));
  const page = new Uint8Array(4096);
  page.set(new TextEncoder().encode(text));
  memory.put(textFrame * 4096, page);
  return memory;
}

const bytesOf = (text: string) => new TextEncoder().encode(text);
const asElf = (memory: FlatMemory, notes: Parameters<typeof elfCore>[1] = []) =>
  new MemorySource(
    elfCore(
      [...memory.pages].map(([frame, bytes]) => ({ address: frame * 4096, bytes })),
      notes,
    ),
  );
const note = (text: string) => ({ name: 'VMCOREINFO', type: 0, bytes: bytesOf(text) });

describe('openVmcore', () => {
  it('reads kernel memory through an ELF core', () => {
    const { virtual, vmcoreinfo, container } = openVmcore(asElf(machine('', 9), [note(TEXT)]));
    expect(virtual.u8(virtualAddress(0xffff_8880_0000_3000n))).toBe(0x2a);
    expect(vmcoreinfo.osRelease).toBe('6.1.0-test');
    expect(container.format).toBe('elf');
  });

  it('reads the same through a kdump file', () => {
    const pages = [...machine('', 9).pages].map(([frame, bytes]) => ({ frame, bytes }));
    const file = kdumpFile({ frames: 0x2000, pages, vmcoreinfo: bytesOf(TEXT) });
    expect(openVmcore(new MemorySource(file)).virtual.u8(virtualAddress(0xffff_8880_0000_3000n))).toBe(0x2a);
  });

  it('finds VMCOREINFO in memory when the dump has no note of it, and takes no look-alike', () => {
    const memory = machine(TEXT, 0x900);
    // A cached file that starts the same way, and the text of another kernel.
    memory.put(0x7000, bytesOf('OSRELEASE=4.4\nnothing else'));
    memory.put(0x8000, bytesOf(TEXT.replace('6.1.0-test', '6.2.0-other').replace('5000', '6000')));
    expect(openVmcore(asElf(memory)).vmcoreinfo.osRelease).toBe('6.1.0-test');
  });

  it('says that nothing describes the kernel', () => {
    expect(() => openVmcore(asElf(machine('', 9)))).toThrow('neither as a note nor in its memory');
    expect(() => openVmcore(asElf(machine('', 9), [note('OSRELEASE=1\n')]))).toThrow('NUMBER(phys_base)');
  });

  it('refuses machines whose page tables it does not know', () => {
    const file = kdumpFile({ frames: 8, pages: [], machine: 'aarch64' });
    expect(() => openVmcore(new MemorySource(file))).toThrow('Page tables of aarch64');
  });
});

describe('kernelPaging', () => {
  it('finds the top table below the kernel map and with a negative base', () => {
    const text = TEXT.replace('phys_base)=0', 'phys_base)=-1048576').replace(
      'l5_enabled)=0',
      'l5_enabled)=1',
    );
    const { vmcoreinfo } = openVmcore(asElf(machine('', 9), [note(text)]));
    expect(kernelPaging(vmcoreinfo)).toMatchObject({
      topTable: 0xf0_5000,
      levels: 5,
      kernelPhysicalBase: -0x10_0000,
    });
  });
});
