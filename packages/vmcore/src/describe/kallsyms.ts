import { addTo, hexAddress, type VirtualAddress, virtualAddress } from '../bytes/address.ts';
import { u32, u64Big } from '../bytes/cursor.ts';
import { DumpError } from '../bytes/errors.ts';
import { KallsymsNames, type SymbolRange } from './kallsyms_names.ts';
import { distance, type KallsymsAddresses, markersBefore, namesLimit } from './kallsyms_tables.ts';
import { type KernelMemory, pagedMemory } from './kernel_memory.ts';
import type { PagedBytes } from './paged_bytes.ts';
import type { TableLoops } from './table_loops.ts';
import type { Vmcoreinfo } from './vmcoreinfo.ts';

/** A kernel has some 200,000 symbols at most. */
const MOST_SYMBOLS = 1 << 22;
/** The token table has some 1,000 bytes; its index can address no more than this. */
const MOST_TOKEN_BYTES = 1 << 16;
/** How far from the table's end `_end` is looked for: x86_64 keeps a few things behind it. */
const LAST_SYMBOLS = 32;

/** How the tables are read. */
export interface KallsymsOptions {
  /** Acts as the table of a kernel without `CONFIG_KALLSYMS_ALL`, which is how other roads are tried. */
  readonly codeOnly?: boolean;
  readonly loops?: TableLoops | undefined;
}

/** A symbol found by address: what the kernel prints as `name+offset/size`. */
export interface SymbolHit {
  readonly name: string;
  /** Where the symbol starts. */
  readonly address: VirtualAddress;
  /** Bytes from there to the address that was asked for. */
  readonly offset: number;
  /** Bytes up to the next symbol, as the kernel counts it. */
  readonly size: number;
}

/** A symbol found by name. */
export interface SymbolEntry {
  readonly name: string;
  /** As `nm` prints it. */
  readonly type: string;
  /** For a per-CPU symbol of a kernel with `CONFIG_KALLSYMS_ABSOLUTE_PERCPU`, its offset in the per-CPU area. */
  readonly address: VirtualAddress;
  readonly perCpuOffset: boolean;
}

/** The symbols `[first, next)` at one place, which reaches up to `end`. */
interface Located {
  readonly first: number;
  readonly next: number;
  readonly start: number;
  readonly end: number;
}

/**
 * The kernel's own symbol table, as /proc/kallsyms shows it. VMCOREINFO says where it lies since v6.0
 * (5fd8fea935a1, f09bddbd8661). Modules have tables of their own.
 *
 * It is read in parts: a look-up by address touches the page or two where its symbol stands, one of a variable
 * the names of what lies behind the code.
 */
export class Kallsyms {
  readonly names: KallsymsNames;
  /** Whether the table has variables too (`CONFIG_KALLSYMS_ALL`). */
  readonly hasVariables: boolean;
  /** Whether variables are passed over although the table has them. */
  readonly #codeOnly: boolean;
  readonly #offsets: PagedBytes;
  readonly #base: VirtualAddress;
  readonly #tableAt: VirtualAddress;
  readonly #encoding: 'percpu-absolute' | 'base' | 'place';
  /** Number of the first symbol that is an address; per-CPU offsets come before. */
  readonly #first: number;
  /** Number of the symbol where the image ends. */
  readonly #end: number;
  readonly #perCpu: SymbolRange;
  readonly #code: SymbolRange;
  readonly #variables: SymbolRange;
  #readOnly: SymbolRange | undefined;
  #initCode: SymbolRange | undefined;
  /** What was found last: an address is asked about more than once, and one byte before it. */
  #located: Located | undefined;

  /**
   * `relativeBase` is missing where the offsets count from their own place, `offsetsAt`; for `codeOnly` see
   * `KallsymsOptions`.
   */
  constructor(
    names: KallsymsNames,
    offsets: PagedBytes,
    offsetsAt: VirtualAddress,
    relativeBase: bigint | undefined,
    codeOnly = false,
  ) {
    this.names = names;
    this.#codeOnly = codeOnly;
    this.#offsets = offsets;
    this.#base = virtualAddress(relativeBase ?? offsetsAt);
    this.#tableAt = offsetsAt;
    // Offsets from a base are unsigned, and a kernel image has no 2 GB: a negative one at the end, where the
    // highest address stands, means that the positive ones are absolute values.
    const last = offsets.i32((names.count - 1) * 4);
    this.#encoding = relativeBase === undefined ? 'place' : last < 0 ? 'percpu-absolute' : 'base';
    this.#first = this.#encoding === 'percpu-absolute' ? this.#countPositive() : 0;
    // The table itself lies in the read-only data: code comes before, variables behind.
    const behind = this.#upperBound(this.#placeOf(offsetsAt) ?? 0);
    this.#perCpu = { start: 0, end: this.#first };
    this.#code = { start: this.#first, end: behind };
    this.#variables = { start: behind, end: names.count };
    // The last symbol is `_end` or one shortly behind it, or `_einittext` where code is all there is.
    this.hasVariables = !codeOnly && !isCode(names.type(names.count - 1));
    let end = names.count - 1;
    while (end > names.count - LAST_SYMBOLS && end > 0 && names.name(end) !== '_end') end -= 1;
    this.#end = names.name(end) === '_end' ? end : names.count - 1;
  }

  /** Finds the tables by VMCOREINFO. Throws `not-described` where it lacks them, as before v6.0. */
  static fromVmcoreinfo(
    memory: KernelMemory,
    vmcoreinfo: Vmcoreinfo,
    options: KallsymsOptions = {},
  ): Kallsyms {
    return Kallsyms.at(
      memory,
      {
        names: vmcoreinfo.symbol('kallsyms_names'),
        numSyms: vmcoreinfo.symbol('kallsyms_num_syms'),
        tokenTable: vmcoreinfo.symbol('kallsyms_token_table'),
        tokenIndex: vmcoreinfo.symbol('kallsyms_token_index'),
        offsets: vmcoreinfo.symbol('kallsyms_offsets'),
        relativeBase: vmcoreinfo.findSymbol('kallsyms_relative_base'),
      },
      options,
    );
  }

  /** Reads the tables at known addresses. */
  static at(
    memory: KernelMemory,
    at: KallsymsAddresses,
    { codeOnly, loops }: KallsymsOptions = {},
  ): Kallsyms {
    const count = u32(memory.read(at.numSyms, 4), 0);
    if (count === 0 || count > MOST_SYMBOLS) {
      throw new DumpError('bad-format', `kallsyms_num_syms at ${hexAddress(at.numSyms)} is ${count}`, {
        count,
      });
    }
    const limit = namesLimit(at, count);
    const tokenBytes = distance(at.tokenTable, at.tokenIndex, MOST_TOKEN_BYTES);
    const names = new KallsymsNames(
      pagedMemory(memory, at.names, limit, 'kallsyms_names', loops),
      count,
      pagedMemory(memory, at.tokenTable, tokenBytes, 'kallsyms_token_table'),
      pagedMemory(memory, at.tokenIndex, 512, 'kallsyms_token_index'),
      markersBefore(memory, addTo(at.names, limit), count),
    );
    const offsets = pagedMemory(memory, at.offsets, count * 4, 'kallsyms_offsets');
    const base = at.relativeBase === undefined ? undefined : u64Big(memory.read(at.relativeBase, 8), 0);
    return new Kallsyms(names, offsets, at.offsets, base, codeOnly);
  }

  /** Number of symbols. */
  get count(): number {
    return this.names.count;
  }

  /** Address of the first symbol of the image: `_stext`. */
  get start(): VirtualAddress {
    return this.address(this.#first);
  }

  /** Address of the table itself, which lies in the read-only data: between the code and the variables. */
  get tableAt(): VirtualAddress {
    return this.#tableAt;
  }

  /** Address of the n-th symbol; see `SymbolEntry.address`. */
  address(n: number): VirtualAddress {
    const place = this.#place(n);
    return n < this.#first ? virtualAddress(BigInt(place)) : addTo(this.#base, place);
  }

  /** All symbols of a name, in the table's order: static functions of different files may share one. */
  find(name: string): SymbolEntry[] {
    return [this.#perCpu, this.#code, this.#variables]
      .flatMap((range) => this.names.find(name, range))
      .filter((n) => !this.#codeOnly || this.#isCodeSymbol(n))
      .map((n) => this.#entry(n, name, this.names.type(n)));
  }

  /**
   * Address of the variable of a name, the first where there are several. Looks for it behind the code only:
   * most of the names are of functions, and a variable that the kernel lacks must not cost a walk of them all.
   */
  variable(name: string): VirtualAddress | undefined {
    for (const range of [this.#variables, this.#perCpu, this.#constants()]) {
      const n = this.names.find(name, range).find((m) => !this.#codeOnly || this.#isCodeSymbol(m));
      if (n !== undefined) return this.address(n);
    }
    return undefined;
  }

  /**
   * The per-CPU variable of a name: its offset in a CPU's area, or where those are not absolute, its address
   * before a CPU's offset is added. Looks nowhere else, so that a name the kernel lacks costs little.
   */
  perCpuVariable(name: string): VirtualAddress | undefined {
    const absolute = this.#perCpu.end > this.#perCpu.start;
    const [n] = this.names.find(name, absolute ? this.#perCpu : this.#variables);
    return n === undefined ? undefined : this.address(n);
  }

  /**
   * The symbol that an address belongs to, as the kernel's `kallsyms_lookup` has it: of several at one address
   * the first in the table. Undefined outside the kernel's image, and for data of a kernel whose table has
   * text only (no `CONFIG_KALLSYMS_ALL`).
   */
  lookup(address: bigint): SymbolHit | undefined {
    const found = this.#locate(address);
    if (!found) return undefined;
    const { first, start, end } = found;
    const name = this.names.name(first);
    if (this.#codeOnly && !this.#isCodeSymbol(first)) return undefined;
    // Without variables, what seems to belong to the symbol at the code's end is data.
    if (!this.hasVariables && (name === '_etext' || name === '_einittext')) return undefined;
    return {
      name,
      address: addTo(this.#base, start),
      offset: Number(address - this.#base) - start,
      size: end - start,
    };
  }

  /** Names of all symbols at the place where `lookup` finds one, in the table's order. */
  namesAt(address: bigint): string[] {
    const found = this.#locate(address);
    if (!found) return [];
    const names: string[] = [];
    for (let n = found.first; n < found.next; n++) names.push(this.names.name(n));
    return names;
  }

  /** Whether an address lies in code of the kernel's image; init code counts, which is freed after boot. */
  isText(address: bigint): boolean {
    const found = this.#locate(address);
    return (
      found !== undefined && this.#isCodeSymbol(found.first) && this.names.name(found.first) !== '_etext'
    );
  }

  /**
   * Whether the n-th symbol is one of code. Its type alone does not tell: in 7.2 all of `.data` has that of
   * code. So behind the table nothing is code but what lies in the range of init code.
   */
  #isCodeSymbol(n: number): boolean {
    if (!isCode(this.names.type(n))) return false;
    if (n < this.#variables.start) return true;
    const { start, end } = this.#init();
    return n >= start && n < end;
  }

  /** From `_sinittext` to `_einittext`; empty where there is none. */
  #init(): SymbolRange {
    if (this.#initCode === undefined) {
      const [start, end] = ['_sinittext', '_einittext'].map(
        (name) => this.names.find(name, this.#variables)[0],
      );
      this.#initCode =
        start === undefined || end === undefined ? { start: 0, end: 0 } : { start, end: end + 1 };
    }
    return this.#initCode;
  }

  /** The ranges of the image's code, half-open; the second is the code that is freed after boot. */
  codeRanges(): { readonly start: VirtualAddress; readonly end: VirtualAddress }[] {
    const ends = ['_stext', '_etext', '_sinittext', '_einittext'].map((name) => this.find(name)[0]?.address);
    const [start, end, initStart, initEnd] = ends;
    const ranges = [];
    if (start !== undefined && end !== undefined) ranges.push({ start, end });
    if (initStart !== undefined && initEnd !== undefined) ranges.push({ start: initStart, end: initEnd });
    return ranges;
  }

  /** Every symbol in the table's order. */
  *all(): Generator<SymbolEntry> {
    let n = 0;
    for (const { name, type } of this.names.all()) yield this.#entry(n++, name, type);
  }

  #entry(n: number, name: string, type: string): SymbolEntry {
    return { name, type, address: this.address(n), perCpuOffset: n < this.#first };
  }

  /** What lies between the code and the table itself: read-only data. */
  #constants(): SymbolRange {
    if (this.#readOnly === undefined) {
      let low = this.#code.start;
      let high = this.#code.end;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (isCode(this.names.type(middle))) low = middle + 1;
        else high = middle;
      }
      this.#readOnly = { start: low, end: this.#code.end };
    }
    return this.#readOnly;
  }

  /** Offset of the n-th symbol from the base, or the absolute value of a per-CPU one. */
  #place(n: number): number {
    const raw = this.#offsets.u32(n * 4);
    switch (this.#encoding) {
      case 'base':
        return raw;
      case 'place':
        return (raw | 0) + n * 4;
      default:
        return raw < 0x8000_0000 ? raw : -1 - (raw | 0);
    }
  }

  #countPositive(): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#offsets.i32(middle * 4) >= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Distance of an address from the base, where it is near enough to be one of the image. */
  #placeOf(address: bigint): number | undefined {
    const place = Number(BigInt.asIntN(64, address - this.#base));
    return Math.abs(place) <= 0xffff_ffff ? place : undefined;
  }

  #locate(address: bigint): Located | undefined {
    const place = this.#placeOf(address);
    if (place === undefined) return undefined;
    const last = this.#located;
    if (last !== undefined && place >= last.start && place < last.end) return last;
    const next = this.#upperBound(place);
    if (next === this.#first || next > this.#end) return undefined;
    const start = this.#place(next - 1);
    let first = next - 1;
    while (first > this.#first && this.#place(first - 1) === start) first -= 1;
    this.#located = { first, next, start, end: this.#place(next) };
    return this.#located;
  }

  /** Number of the first symbol above a place. */
  #upperBound(place: number): number {
    let low = this.#first;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#place(middle) <= place) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Whether a symbol's type, as `nm` prints it, is one of code. */
function isCode(type: string): boolean {
  return /^[tTwW]$/.test(type);
}
