import { VirtualMemory } from '@kcrash/vmcore/arch/virtual_memory';
import { type PagingX86, X86PageTables } from '@kcrash/vmcore/arch/x86_64/page_table';
import type { VirtualAddress } from '@kcrash/vmcore/bytes/address';
import type { ByteSource } from '@kcrash/vmcore/bytes/byte_source';
import { joinHalves } from '@kcrash/vmcore/bytes/cursor';
import { Dump } from '@kcrash/vmcore/dump';
import { kernelPaging, openVmcore } from '@kcrash/vmcore/vmcore';

/** A piece of kernel memory that reading a dump looks at. */
export interface Touched {
  readonly address: bigint;
  readonly length: number;
}

/** Kernel memory that notes what is read of it. */
class TracingMemory extends VirtualMemory {
  readonly touched = new Map<bigint, number>();

  override readHalves(high: number, low: number, length: number): Uint8Array {
    this.#note(joinHalves(high, low), length);
    return super.readHalves(high, low, length);
  }

  override tryRead(address: VirtualAddress, length: number): Uint8Array | undefined {
    this.#note(address, length);
    return super.tryRead(address, length);
  }

  #note(address: bigint, length: number): void {
    this.touched.set(address, Math.max(length, this.touched.get(address) ?? 0));
  }
}

/** What is read of a kernel's memory, and the memory. */
export interface Trace {
  /** In the order of first reading. */
  readonly touched: readonly Touched[];
  readonly memory: VirtualMemory;
  readonly paging: PagingX86;
}

/** Reads a dump and notes what of the kernel's memory that takes. */
export function trace(sources: readonly ByteSource[], read: (dump: Dump) => void): Trace {
  const vmcore = openVmcore(sources);
  const paging = kernelPaging(vmcore.vmcoreinfo);
  const memory = new TracingMemory(vmcore.physical, new X86PageTables(vmcore.physical, paging));
  read(new Dump({ ...vmcore, virtual: memory }));
  const touched = [...memory.touched].map(([address, length]) => ({ address, length }));
  return { touched, memory: vmcore.virtual, paging };
}
