import { VirtualMemory } from './arch/virtual_memory.ts';
import { KERNEL_MAP, type PagingX86, X86PageTables } from './arch/x86_64/page_table.ts';
import { virtualAddress } from './bytes/address.ts';
import type { ByteSource } from './bytes/byte_source.ts';
import { DumpError } from './bytes/errors.ts';
import type { Container, ContainerOptions } from './container/container.ts';
import { openContainer } from './container/open.ts';
import { findVmcoreinfo } from './describe/find_vmcoreinfo.ts';
import { Vmcoreinfo } from './describe/vmcoreinfo.ts';
import type { PhysicalMemory } from './physical_memory.ts';

/** A dump opened as far as memory: what everything above stands on. */
export interface Vmcore {
  readonly container: Container;
  readonly vmcoreinfo: Vmcoreinfo;
  readonly physical: PhysicalMemory;
  /** The kernel's own address space. */
  readonly virtual: VirtualMemory;
}

/**
 * Opens a dump (one file, or the files of a split set): its container, the kernel's description of itself, and
 * the kernel's address space. Throws `not-a-dump` for other files, `not-described` for a dump with no
 * VMCOREINFO, `unsupported` for a machine whose page tables are not known here. A dump without a VMCOREINFO
 * note is searched for the text, which takes as long as reading all of its pages.
 */
export function openVmcore(
  sources: ByteSource | readonly ByteSource[],
  options: ContainerOptions = {},
): Vmcore {
  const container = openContainer(sources, options);
  const physical = container.memory;
  if (container.machine !== 'x86_64') {
    throw new DumpError(
      'unsupported',
      `Page tables of ${container.machine} are not read yet, only those of x86_64`,
    );
  }
  const vmcoreinfo =
    container.vmcoreinfo === undefined
      ? findVmcoreinfo(physical, bytesOf(sources), (candidate) => describesItself(physical, candidate))
      : new Vmcoreinfo(container.vmcoreinfo);
  if (vmcoreinfo === undefined) {
    throw new DumpError('not-described', 'The dump has no VMCOREINFO, neither as a note nor in its memory');
  }
  return { container, vmcoreinfo, physical, virtual: kernelMemory(physical, vmcoreinfo) };
}

function bytesOf(sources: ByteSource | readonly ByteSource[]): number {
  return [sources].flat().reduce((sum, { size }) => sum + size, 0);
}

function kernelMemory(physical: PhysicalMemory, vmcoreinfo: Vmcoreinfo): VirtualMemory {
  return new VirtualMemory(physical, new X86PageTables(physical, kernelPaging(vmcoreinfo)));
}

/** Whether the page tables that a VMCOREINFO names map themselves to where it says they are. */
function describesItself(physical: PhysicalMemory, vmcoreinfo: Vmcoreinfo): boolean {
  try {
    const { topTable } = kernelPaging(vmcoreinfo);
    const paging = { ...kernelPaging(vmcoreinfo), kernelMapBytes: 0 };
    const tables = new VirtualMemory(physical, new X86PageTables(physical, paging));
    return tables.translate(virtualAddress(topTableSymbol(vmcoreinfo))) === topTable;
  } catch (error) {
    if (error instanceof DumpError && error.code === 'not-described') return false;
    throw error;
  }
}

// Named swapper_pg_dir too; init_top_pgt since kernel 4.13 (commit 65ade2f872b4).
function topTableSymbol(vmcoreinfo: Vmcoreinfo): bigint {
  return vmcoreinfo.findSymbol('init_top_pgt') ?? vmcoreinfo.symbol('swapper_pg_dir');
}

/** What VMCOREINFO says of the kernel's page tables on x86_64. Throws `not-described`. */
export function kernelPaging(vmcoreinfo: Vmcoreinfo): PagingX86 {
  const physicalBase = vmcoreinfo.number('phys_base');
  return {
    topTable: Number(topTableSymbol(vmcoreinfo) - KERNEL_MAP + physicalBase),
    levels: vmcoreinfo.findNumber('pgtable_l5_enabled') === 1n ? 5 : 4,
    encryptionMask: BigInt.asUintN(64, vmcoreinfo.findNumber('sme_mask') ?? 0n),
    kernelPhysicalBase: Number(physicalBase),
    kernelMapBytes: Number(vmcoreinfo.findNumber('KERNEL_IMAGE_SIZE') ?? 0x2000_0000n),
  };
}
