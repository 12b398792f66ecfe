import { addTo, type PhysicalAddress, type VirtualAddress, virtualAddress } from '../bytes/address.ts';
import { highHalf, lowHalf } from '../bytes/cursor.ts';
import type { Dump } from '../dump.ts';

const TWO_32 = 0x1_0000_0000;

/** Where x86_64 maps all memory when it does not move that about: with 4 levels of page tables, and with 5. */
const FIXED = [0xffff_8880_0000_0000n, 0xff11_0000_0000_0000n] as const;

/** The kernel's map of all physical memory. */
export class DirectMap {
  readonly base: VirtualAddress;
  readonly limit: PhysicalAddress;
  /** `physical` for an address in halves, for loops: arithmetic of bigints would take most of their time. */
  readonly physicalHalves: (high: number, low: number) => PhysicalAddress | undefined;

  constructor(base: VirtualAddress, limit: PhysicalAddress) {
    this.base = base;
    this.limit = limit;
    const baseHigh = highHalf(base);
    const baseLow = lowHalf(base);
    this.physicalHalves = (high, low) => {
      const offset = (high - baseHigh) * TWO_32 + low - baseLow;
      return offset >= 0 && offset < limit ? offset : undefined;
    };
  }

  /** Where the kernel addresses physical memory. */
  virtual(address: PhysicalAddress): VirtualAddress {
    return addTo(this.base, address);
  }

  /** The physical address behind an address of the map; undefined for one outside of it. */
  physical(address: bigint): PhysicalAddress | undefined {
    const offset = address - this.base;
    return offset >= 0n && offset < BigInt(this.limit) ? Number(offset) : undefined;
  }
}

/** The direct map by `page_offset_base`, or where it lies when that is not random. */
export function directMap(dump: Dump): DirectMap {
  const at = dump.findVariable('page_offset_base');
  const five = dump.vmcoreinfo.findNumber('pgtable_l5_enabled') === 1n;
  const base = at === undefined ? virtualAddress(FIXED[five ? 1 : 0]) : dump.memory.pointer(at);
  return new DirectMap(base, dump.physical.frameLimit * dump.physical.pageSize);
}
