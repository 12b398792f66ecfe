import { VirtualMemory } from './arch/virtual_memory.ts';
import { KERNEL_MAP, type PagingX86, X86PageTables } from './arch/x86_64/page_table.ts';
import type { ByteSource } from './bytes/byte_source.ts';
import { DumpError } from './bytes/errors.ts';
import type { Container, ContainerOptions } from './container/container.ts';
import { openContainer } from './container/open.ts';
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
 * Opens a dump (one file, or the files of a split set): its container, the kernel's description of itself, and the kernel's address space. Throws
 * `not-a-dump` for other files, `not-described` for a dump with no VMCOREINFO, `unsupported` for a machine
 * whose page tables are not known here.
 */
export function openVmcore(
  sources: ByteSource | readonly ByteSource[],
  options: ContainerOptions = {},
): Vmcore {
  const container = openContainer(sources, options);
  if (container.vmcoreinfo === undefined) {
    throw new DumpError(
      'not-described',
      'The dump has no VMCOREINFO, so nothing says where the kernel lies in it',
    );
  }
  const vmcoreinfo = new Vmcoreinfo(container.vmcoreinfo);
  if (container.machine !== 'x86_64') {
    throw new DumpError(
      'unsupported',
      `The page tables of ${container.machine} are not read yet, only those of x86_64`,
    );
  }
  const tables = new X86PageTables(container.memory, kernelPaging(vmcoreinfo));
  return {
    container,
    vmcoreinfo,
    physical: container.memory,
    virtual: new VirtualMemory(container.memory, tables),
  };
}

/** What VMCOREINFO says of the kernel's page tables on x86_64. Throws `not-described`. */
export function kernelPaging(vmcoreinfo: Vmcoreinfo): PagingX86 {
  const physicalBase = vmcoreinfo.number('phys_base');
  // Named swapper_pg_dir as well until 6.x; init_top_pgt since 4.13 (commit 65ade2f872b4).
  const top = vmcoreinfo.findSymbol('init_top_pgt') ?? vmcoreinfo.symbol('swapper_pg_dir');
  return {
    topTable: Number(top - KERNEL_MAP + physicalBase),
    levels: vmcoreinfo.findNumber('pgtable_l5_enabled') === 1n ? 5 : 4,
    encryptionMask: BigInt.asUintN(64, vmcoreinfo.findNumber('sme_mask') ?? 0n),
    kernelPhysicalBase: Number(physicalBase),
    kernelMapBytes: Number(vmcoreinfo.findNumber('KERNEL_IMAGE_SIZE') ?? 0x2000_0000n),
  };
}
