import type { PhysicalAddress } from '../../bytes/address.ts';
import { highHalf, lowHalf, u32 } from '../../bytes/cursor.ts';
import type { PhysicalMemory } from '../../physical_memory.ts';
import { NO_TABLE, type Translator, UNMAPPED } from '../translator.ts';

/** Where the kernel links its own text and data (`__START_KERNEL_map`). */
export const KERNEL_MAP = 0xffff_ffff_8000_0000n;

/** The halves of what an entry of a page table has of an address: bits 51:12, less the encryption bit. */
export function entryMask(encryptionMask: bigint): readonly [high: number, low: number] {
  return [0xf_ffff & ~highHalf(encryptionMask), 0xffff_f000 & ~lowHalf(encryptionMask)];
}

/** What a walk of the kernel's page tables needs. */
export interface PagingX86 {
  /** Physical address of the top table (`init_top_pgt`, or a CR3 without its low bits). */
  readonly topTable: PhysicalAddress;
  /** 4 or 5. */
  readonly levels: 4 | 5;
  /** The bit that AMD's memory encryption adds to addresses in page tables (`sme_me_mask`); 0n without. */
  readonly encryptionMask: bigint;
  /** `phys_base`: what maps `KERNEL_MAP` to physical memory when page tables are missing from the dump. */
  readonly kernelPhysicalBase?: number;
  /** Length of the kernel's map in bytes (`KERNEL_IMAGE_SIZE`); 512 MB without KASLR, 1 GB with. */
  readonly kernelMapBytes?: number;
}

const PRESENT = 1;
const LARGE = 0x80;
const TWO_32 = 0x1_0000_0000;
const PAGE = 4096;
const TLB_SIZE = 1024;
const REGION_SIZE = 256;
const LARGE_PAGE = 0x20_0000;
const GIGABYTE = 0x4000_0000;
// Addresses of tables and pages are multiples of 4096: bit 0 is free to tell the two apart.
const IS_LARGE = 1;

/**
 * Walks x86_64 page tables of 4 or 5 levels, with 2 MB and 1 GB pages. Keeps the last translations of pages,
 * and of 2 MB regions (a page table, or a large page), as a TLB and its paging-structure cache do.
 */
export class X86PageTables implements Translator {
  readonly #memory: PhysicalMemory;
  readonly #paging: PagingX86;
  readonly #maskHigh: number;
  readonly #maskLow: number;
  readonly #tlbHigh = new Uint32Array(TLB_SIZE);
  readonly #tlbLow = new Uint32Array(TLB_SIZE);
  readonly #tlbBase = new Float64Array(TLB_SIZE).fill(-1);
  readonly #regionHigh = new Uint32Array(REGION_SIZE);
  readonly #regionLow = new Uint32Array(REGION_SIZE);
  // Physical address of the page table, or that of a 2 MB page with IS_LARGE.
  readonly #region = new Float64Array(REGION_SIZE).fill(-1);

  constructor(memory: PhysicalMemory, paging: PagingX86) {
    this.#memory = memory;
    this.#paging = paging;
    [this.#maskHigh, this.#maskLow] = entryMask(paging.encryptionMask);
  }

  translate(high: number, low: number): number {
    const page = (low & ~0xfff) >>> 0;
    const slot = (low >>> 12) & (TLB_SIZE - 1);
    if (this.#tlbLow[slot] === page && this.#tlbHigh[slot] === high) {
      const base = this.#tlbBase[slot] as number;
      if (base >= 0) return base + (low & 0xfff);
    }
    let base = this.#walk(high, low);
    if (base === NO_TABLE) base = this.#kernelMap(high, page);
    if (base < 0) return base;
    this.#tlbLow[slot] = page;
    this.#tlbHigh[slot] = high;
    this.#tlbBase[slot] = base;
    return base + (low & 0xfff);
  }

  piece(high: number, low: number): number {
    const region = this.#regionOf(high, low);
    const bytes = region >= 0 && (region & IS_LARGE) !== 0 ? LARGE_PAGE : PAGE;
    return bytes - (low & (bytes - 1));
  }

  /** Physical address of the 4 KB page that holds the address, or a reason below zero. */
  #walk(high: number, low: number): number {
    const index = (low >>> 12) & 511;
    const region = this.#regionOf(high, low);
    if (region < 0) return region;
    if ((region & IS_LARGE) !== 0) return region - IS_LARGE + index * PAGE;
    return this.#entry(region, index, 1);
  }

  /** What maps the 2 MB around the address: a page table, or a large page, which has IS_LARGE added. */
  #regionOf(high: number, low: number): number {
    const start = (low & ~(LARGE_PAGE - 1)) >>> 0;
    const slot = ((low >>> 21) ^ high) & (REGION_SIZE - 1);
    if (this.#regionLow[slot] === start && this.#regionHigh[slot] === high) {
      const known = this.#region[slot] as number;
      if (known >= 0) return known;
    }
    const region = this.#walkUpper(high, low);
    if (region < 0) return region;
    this.#regionLow[slot] = start;
    this.#regionHigh[slot] = high;
    this.#region[slot] = region;
    return region;
  }

  #walkUpper(high: number, low: number): number {
    const { levels } = this.#paging;
    // Bits above the translated ones repeat the highest: sign extension as two halves sees it.
    const extension = levels === 5 ? (high | 0) >> 24 : (high | 0) >> 15;
    if (extension !== 0 && extension !== -1) return UNMAPPED;
    let table = this.#paging.topTable - (this.#paging.topTable % PAGE);
    if (levels === 5) {
      table = this.#entry(table, (high >>> 16) & 511, 5);
      if (table < 0) return table;
    }
    table = this.#entry(table, (high >>> 7) & 511, 4);
    if (table < 0) return table;
    const upper = this.#entry(table, ((high & 127) << 2) | (low >>> 30), 3);
    if (upper < 0) return upper;
    if ((upper & IS_LARGE) !== 0) return upper - (upper % GIGABYTE) + (low & 0x3fe0_0000) + IS_LARGE;
    const middle = this.#entry(upper, (low >>> 21) & 511, 2);
    if (middle < 0 || (middle & IS_LARGE) === 0) return middle;
    return middle - (middle % LARGE_PAGE) + IS_LARGE;
  }

  /** The address in an entry, with IS_LARGE where the entry maps a large page; or a reason below zero. */
  #entry(table: number, index: number, level: number): number {
    const page = this.#memory.page(table / PAGE);
    if (typeof page === 'string') return NO_TABLE;
    const low = u32(page, index * 8);
    if ((low & PRESENT) === 0) return UNMAPPED;
    const base = (u32(page, index * 8 + 4) & this.#maskHigh) * TWO_32 + ((low & this.#maskLow) >>> 0);
    return (level === 2 || level === 3) && (low & LARGE) !== 0 ? base + IS_LARGE : base;
  }

  /** The kernel image lies in one piece, so it can be found with no page table at all. */
  #kernelMap(high: number, page: number): number {
    const { kernelPhysicalBase, kernelMapBytes = 0 } = this.#paging;
    if (kernelPhysicalBase === undefined || high !== 0xffff_ffff) return NO_TABLE;
    const offset = page - 0x8000_0000;
    if (offset < 0 || offset >= kernelMapBytes) return NO_TABLE;
    const base = kernelPhysicalBase + offset;
    return base < 0 ? NO_TABLE : base;
  }
}
