import type { VirtualAddress } from '../bytes/address.ts';
import { DumpError } from '../bytes/errors.ts';
import type { PagedBytes } from './paged_bytes.ts';
import type { Place } from './type_layout.ts';
import type { Types } from './types.ts';

/** `ORC_REG_*` of arch/x86/include/asm/orc_types.h: on which register a stack position is counted. */
export const ORC_REG = {
  undefined: 0,
  prevSp: 1,
  dx: 2,
  di: 3,
  bp: 4,
  sp: 5,
  r10: 6,
  r13: 7,
  bpIndirect: 8,
  spIndirect: 9,
} as const;

/** Canonical number of each number that a kernel gives a register; undefined for one that it gives none. */
export type OrcNumbering = readonly (number | undefined)[];

/** The numbers that kernels know registers by: since v4.14, and as seen in 7.2.13 (no entry there is on `di`). */
const NUMBERINGS: readonly OrcNumbering[] = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  [
    ORC_REG.undefined,
    undefined,
    ORC_REG.dx,
    ORC_REG.sp,
    ORC_REG.bp,
    undefined,
    ORC_REG.r10,
    ORC_REG.r13,
    ORC_REG.prevSp,
    ORC_REG.spIndirect,
    ORC_REG.bpIndirect,
  ],
];

/**
 * How a kernel numbers registers, told by the most common of its entries: a function that has just been called
 * counts on `sp`, 8 bytes above which the caller's stack begins, and has not saved `bp`. `entries` have the
 * kernel's own numbers. Undefined where that register has a number that no known kernel gives it.
 */
export function orcNumbering(entries: Iterable<OrcEntry>): OrcNumbering | undefined {
  const votes = new Map<number, number>();
  for (const { type, spReg, spOffset, bpReg } of entries) {
    if (type !== 'call' || spOffset !== 8 || bpReg !== 0) continue;
    votes.set(spReg, (votes.get(spReg) ?? 0) + 1);
  }
  const [sp] = [...votes].sort(([, a], [, b]) => b - a)[0] ?? [];
  return sp === undefined ? undefined : NUMBERINGS.find((numbering) => numbering[sp] === ORC_REG.sp);
}

/** The layout with the kernel's numbers of registers turned into those of {@link ORC_REG}. */
export function numberedLayout(layout: OrcLayout, numbering: OrcNumbering): OrcLayout {
  return {
    size: layout.size,
    decode(bytes, at) {
      const entry = layout.decode(bytes, at);
      const spReg = numbering[entry.spReg] ?? NO_REGISTER;
      return { ...entry, spReg, bpReg: numbering[entry.bpReg] ?? NO_REGISTER };
    },
  };
}

/** ORC_REG_MAX: stands for no register. */
const NO_REGISTER = 15;

/** What lies at the stack position that an entry names. */
export type OrcType =
  /** Nothing is known of this code's stack. */
  | 'undefined'
  /** The outermost function of a stack. */
  | 'end'
  /** A return address, just below the caller's stack. */
  | 'call'
  /** A whole `struct pt_regs`. */
  | 'regs'
  /** What the CPU itself pushes at an exception: `ip`, `cs`, `flags`, `sp`, `ss`. */
  | 'regs-partial';

/** One `struct orc_entry`, the same for every kernel. */
export interface OrcEntry {
  readonly type: OrcType;
  /** Whether the caller's address is the interrupted instruction, not one after a call. */
  readonly signal: boolean;
  readonly spReg: number;
  readonly spOffset: number;
  readonly bpReg: number;
  readonly bpOffset: number;
}

/** Where the fields of this kernel's `struct orc_entry` lie. */
export interface OrcLayout {
  /** `sizeof(struct orc_entry)`. */
  readonly size: number;
  decode(bytes: Uint8Array, at: number): OrcEntry;
}

/** `type` since fb799447ae29 (v6.4). */
const TYPES: readonly OrcType[] = ['undefined', 'end', 'call', 'regs', 'regs-partial'];
/** `type` before, where an undefined stack register means that there is nothing to find. */
const OLD_TYPES: readonly OrcType[] = ['call', 'regs', 'regs-partial'];

/**
 * The layout as the kernel's own BTF has it. `type` was renumbered and `end` became one of its values in v6.4
 * (fb799447ae29); `signal` came shortly before (ffb1b4a41016), and where it is missing registers are what is
 * found at signals. Throws `not-described` for a kernel without ORC.
 */
export function orcLayout(types: Types): OrcLayout {
  const bits = (...names: string[]) => bitReader(types, names);
  const spOffset = bits('sp_offset');
  const bpOffset = bits('bp_offset', 'fp_offset');
  const spReg = bits('sp_reg');
  const bpReg = bits('bp_reg', 'fp_reg');
  const type = bits('type');
  const end = types.has('orc_entry', 'end') ? bits('end') : undefined;
  const signal = types.has('orc_entry', 'signal') ? bits('signal') : undefined;
  const typeOf = (bytes: Uint8Array, at: number, register: number): OrcType => {
    const number = type(bytes, at);
    if (!end) return TYPES[number] ?? 'undefined';
    if (register === ORC_REG.undefined) return end(bytes, at) === 1 ? 'end' : 'undefined';
    return OLD_TYPES[number] ?? 'undefined';
  };
  return {
    size: types.sizeof('struct orc_entry'),
    decode(bytes, at) {
      const register = spReg(bytes, at);
      const found = typeOf(bytes, at, register);
      return {
        type: found,
        signal: signal ? signal(bytes, at) === 1 : found === 'regs' || found === 'regs-partial',
        spReg: register,
        spOffset: (spOffset(bytes, at) << 16) >> 16,
        bpReg: bpReg(bytes, at),
        bpOffset: (bpOffset(bytes, at) << 16) >> 16,
      };
    },
  };
}

/** Reads a field of at most 16 bits that lies in at most three bytes. */
function bitReader(types: Types, names: readonly string[]): (bytes: Uint8Array, at: number) => number {
  const name = names.find((candidate) => types.has('orc_entry', candidate)) ?? (names[0] as string);
  const place: Place = types.place('struct orc_entry', name);
  const width = place.bitSize || types.sizeof(place.type) * 8;
  const byte = place.bitOffset >>> 3;
  const shift = place.bitOffset & 7;
  if (width > 16) throw new DumpError('unsupported', `orc_entry.${name} has ${width} bits`, { name, width });
  const mask = (1 << width) - 1;
  return (bytes, at) => {
    const low =
      (bytes[at + byte] ?? 0) | ((bytes[at + byte + 1] ?? 0) << 8) | ((bytes[at + byte + 2] ?? 0) << 16);
    return (low >>> shift) & mask;
  };
}

/** Bytes of code to an entry of `orc_lookup` (LOOKUP_BLOCK_SIZE). */
const BLOCK = 256;

/** The kernel's `orc_lookup`: for each 256 bytes of code, the number of the entry that holds at its start. */
export interface OrcBlocks {
  readonly words: PagedBytes;
  /** Where the code starts that the first word is about: `_stext`. */
  readonly start: VirtualAddress;
}

/**
 * ORC's two tables: sorted addresses of code, each as a distance from its own place, and what the stack looks
 * like from there on. Sorted when the kernel is built, and for a module when it is loaded.
 */
export class OrcTable {
  readonly count: number;
  readonly layout: OrcLayout;
  readonly #ips: PagedBytes;
  readonly #entries: PagedBytes;
  readonly #at: VirtualAddress;
  readonly #blocks: OrcBlocks | undefined;

  /**
   * `at` is the address of `ips`, from which the addresses of code are counted. With `blocks` a look-up reads
   * three pages instead of a dozen; what they say is checked, and where it does not fit they are passed over.
   */
  constructor(
    ips: PagedBytes,
    at: VirtualAddress,
    entries: PagedBytes,
    layout: OrcLayout,
    blocks?: OrcBlocks,
  ) {
    this.#ips = ips;
    this.#entries = entries;
    this.#at = at;
    this.layout = layout;
    this.#blocks = blocks;
    this.count = Math.min(Math.floor(ips.size / 4), Math.floor(entries.size / layout.size));
    if (this.count === 0) throw new DumpError('bad-format', 'The ORC tables are empty');
  }

  /** How many pages have been read so far. */
  get pagesRead(): number {
    return this.#ips.pagesRead + this.#entries.pagesRead + (this.#blocks?.words.pagesRead ?? 0);
  }

  /** The entry for an address of code, or undefined outside the code that the table is about. */
  find(address: bigint): OrcEntry | undefined {
    const ip = Number(BigInt.asIntN(64, address - this.#at));
    if (Math.abs(ip) > 0xffff_ffff) return undefined;
    const n = this.#byBlock(address, ip) ?? this.#bisect(ip, 0, this.count);
    // The last entry only marks the end of all code.
    if (n < 0 || n >= this.count - 1) return undefined;
    const at = n * this.layout.size;
    this.#entries.need(at, this.layout.size);
    return this.layout.decode(this.#entries.bytes, at);
  }

  /** Address of the n-th entry's code, from the table's own place. */
  #ip(n: number): number {
    return n * 4 + this.#ips.i32(n * 4);
  }

  #byBlock(address: bigint, ip: number): number | undefined {
    if (!this.#blocks) return undefined;
    const { words, start } = this.#blocks;
    const block = Math.floor(Number(address - start) / BLOCK);
    if (!(block >= 0 && (block + 2) * 4 <= words.size)) return undefined;
    try {
      const first = words.u32(block * 4);
      const end = words.u32(block * 4 + 4) + 1;
      const fits = first < end && end <= this.count && this.#ip(first) <= ip;
      return fits && (end === this.count || this.#ip(end) > ip) ? this.#bisect(ip, first, end) : undefined;
    } catch (error) {
      // The blocks are a help only: a page of them that the dump lacks is no loss.
      if (error instanceof DumpError) return undefined;
      throw error;
    }
  }

  /**
   * Number of the last entry of `[first, end)` at or below `ip`, `first - 1` where there is none. Of several
   * at one address the last is the real one: the others mark ends of sections.
   */
  #bisect(ip: number, first: number, end: number): number {
    let low = first;
    let high = end;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ip(middle) <= ip) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
