import { addTo, type VirtualAddress, virtualAddress } from '../bytes/address.ts';
import { i32 } from '../bytes/cursor.ts';
import { DumpError } from '../bytes/errors.ts';
import type { Kallsyms } from './kallsyms.ts';
import { type KernelMemory, pagedMemory, tryRead } from './kernel_memory.ts';
import { numberedLayout, type OrcBlocks, type OrcLayout, OrcTable, orcNumbering } from './orc.ts';

/** A kernel has some 500,000 entries. */
const MOST_ENTRIES = 1 << 23;
const PAGE = 4096;
/** Steps in which the image is probed: the addresses of a kernel's ORC take 1.4 MB and more, a tiny one's less. */
const STRIDES = [256 * 1024, 16 * 1024];
/** Entries that must look right for a place to count as the table. */
const PROBE = 128;
/** The largest number that any kernel gives a register. */
const MOST_REGISTER = 10;
/** How far behind the code the tables may lie. */
const MOST_IMAGE = 256 << 20;

/** The range of code that a kernel's ORC describes, init code included: half-open. */
export interface CodeRange {
  readonly start: VirtualAddress;
  readonly end: VirtualAddress;
}

/** Opens a pair of ORC tables: `count` addresses at `ips`, and as many entries. */
export function orcTableAt(
  memory: KernelMemory,
  layout: OrcLayout,
  ips: VirtualAddress,
  entries: VirtualAddress,
  count: number,
  blocks?: OrcBlocks,
): OrcTable {
  if (!(count > 0 && count <= MOST_ENTRIES)) {
    throw new DumpError('bad-format', `An ORC table of ${count} entries`, { count });
  }
  return new OrcTable(
    pagedMemory(memory, ips, count * 4, '.orc_unwind_ip'),
    ips,
    pagedMemory(memory, entries, count * layout.size, '.orc_unwind'),
    layout,
    blocks,
  );
}

/** `.orc_lookup`, which follows the entries at a multiple of 4. */
function blocksBehind(
  memory: KernelMemory,
  layout: OrcLayout,
  entries: VirtualAddress,
  count: number,
  code: CodeRange,
): OrcBlocks {
  const at = virtualAddress((entries + BigInt(count * layout.size) + 3n) & ~3n);
  const blocks = Math.ceil(Number(code.end - code.start) / 256) + 1;
  return { words: pagedMemory(memory, at, blocks * 4, '.orc_lookup'), start: code.start };
}

/** The kernel's own tables by their symbols; undefined where kallsyms has no variables. */
export function orcBySymbols(
  memory: KernelMemory,
  layout: OrcLayout,
  kallsyms: Kallsyms,
): OrcTable | undefined {
  const ips = kallsyms.variable('__start_orc_unwind_ip');
  const ipsEnd = kallsyms.variable('__stop_orc_unwind_ip');
  const entries = kallsyms.variable('__start_orc_unwind');
  if (ips === undefined || ipsEnd === undefined || entries === undefined) return undefined;
  const count = Number(ipsEnd - ips) / 4;
  const code = { start: kallsyms.start, end: kallsyms.tableAt };
  const numbered = withNumbers(memory, layout, entries, count);
  return orcTableAt(
    memory,
    numbered,
    ips,
    entries,
    count,
    blocksBehind(memory, layout, entries, count, code),
  );
}

/**
 * The layout with this kernel's numbers of registers, by a page of entries well inside its table. Throws
 * `unsupported` for a kernel whose numbers are not known: a wrong one would give wrong stacks.
 */
function withNumbers(
  memory: KernelMemory,
  layout: OrcLayout,
  entries: VirtualAddress,
  count: number,
): OrcLayout {
  const some = Math.min(count, Math.floor(PAGE / layout.size));
  for (const part of [0.5, 0.25, 0.75]) {
    const first = Math.floor((count - some) * part);
    const bytes = tryRead(memory, addTo(entries, first * layout.size), some * layout.size);
    if (!bytes) continue;
    const sample = Array.from({ length: some }, (_, n) => layout.decode(bytes, n * layout.size));
    const numbering = orcNumbering(sample);
    if (numbering) return numberedLayout(layout, numbering);
  }
  throw new DumpError('unsupported', 'ORC numbers its registers in no known way');
}

/**
 * The kernel's own tables by their shape, for a kernel whose kallsyms has code only. `.orc_unwind_ip` is a
 * place where a megabyte of words, each added to its own address, gives ascending addresses of code; a few
 * other tables are as well, but only behind this one lies `.orc_unwind` (the linker script's
 * ORC_UNWIND_TABLE). Undefined where nothing looks like it. `code` are the ranges of code, the main one first.
 */
export function orcByShape(
  memory: KernelMemory,
  layout: OrcLayout,
  code: readonly CodeRange[],
): OrcTable | undefined {
  const main = code[0];
  if (!main) return undefined;
  const shape = new Shape(memory, code);
  for (const stride of STRIDES) {
    // The linker puts the tables behind the code.
    const start = (main.end & ~BigInt(PAGE - 1)) as VirtualAddress;
    for (let offset = 0; offset < MOST_IMAGE; offset += stride) {
      const at = addTo(start, offset);
      if (!shape.fits(at)) continue;
      const ips = shape.start(at);
      const end = shape.end(at);
      const count = Number(end - ips) / 4;
      if (count >= PROBE && looksRight(memory, layout, end, count)) {
        const numbered = withNumbers(memory, layout, end, count);
        return orcTableAt(memory, numbered, ips, end, count, blocksBehind(memory, layout, end, count, main));
      }
    }
  }
  return undefined;
}

/** Whether the first entries behind the addresses have registers and types that exist. */
function looksRight(memory: KernelMemory, layout: OrcLayout, at: VirtualAddress, count: number): boolean {
  const bytes = tryRead(memory, at, Math.min(count, PROBE) * layout.size);
  if (!bytes) return false;
  let calls = 0;
  for (let n = 0; n < bytes.length; n += layout.size) {
    const entry = layout.decode(bytes, n);
    if (entry.spReg > MOST_REGISTER || entry.bpReg > MOST_REGISTER) return false;
    if (entry.type === 'call') calls += 1;
  }
  return calls > 0;
}

/** Looks at pages as parts of a table of addresses, each a distance from its own place. */
class Shape {
  readonly #memory: KernelMemory;
  readonly #code: readonly CodeRange[];
  /** Addresses are counted from here, to stay exact as numbers. */
  readonly #origin: bigint;

  constructor(memory: KernelMemory, code: readonly CodeRange[]) {
    this.#memory = memory;
    this.#code = code;
    this.#origin = code[0]?.start ?? 0n;
  }

  /** Whether a page holds nothing but ascending addresses, the first and the last of them code. */
  fits(page: VirtualAddress): boolean {
    const words = this.#words(page);
    if (!words || !this.#isCode(words[0] as number) || !this.#isCode(words.at(-1) as number)) return false;
    for (let n = 1; n < words.length; n++) {
      if ((words[n] as number) < (words[n - 1] as number)) return false;
    }
    return true;
  }

  /** First word of the table that a fitting page is part of. */
  start(page: VirtualAddress): VirtualAddress {
    const first = this.#farthest(page, -1);
    let next = (this.#words(first)?.[0] ?? 0) as number;
    const before = this.#words(addTo(first, -PAGE)) ?? [];
    let n = before.length;
    while (n > 0 && this.#isCode(before[n - 1] as number) && (before[n - 1] as number) <= next) {
      n -= 1;
      next = before[n] as number;
    }
    return addTo(first, -4 * (before.length - n));
  }

  /** One past its last word. The last addresses are of code that is in no known range, such as exit code. */
  end(page: VirtualAddress): VirtualAddress {
    let at = addTo(this.#farthest(page, 1), PAGE);
    let last = this.#words(addTo(at, -PAGE))?.at(-1) ?? 0;
    for (let words = this.#words(at); words; words = this.#words(at)) {
      for (const word of words) {
        if (word < last || word > MOST_IMAGE) return at;
        last = word;
        at = addTo(at, 4);
      }
    }
    return at;
  }

  /** The farthest fitting page in one direction: by doubled steps, then by halved ones. */
  #farthest(page: VirtualAddress, direction: 1 | -1): VirtualAddress {
    let at = page;
    let step = 1;
    const ahead = () => addTo(at, direction * step * PAGE);
    while (step < MOST_IMAGE / PAGE && this.fits(ahead())) {
      at = ahead();
      step *= 2;
    }
    for (step >>= 1; step >= 1; step >>= 1) {
      if (this.fits(ahead())) at = ahead();
    }
    return at;
  }

  /** The addresses that the words of a page stand for, counted from the code's start. */
  #words(page: VirtualAddress): number[] | undefined {
    const bytes = tryRead(this.#memory, page, PAGE);
    if (!bytes) return undefined;
    const base = Number(page - this.#origin);
    return Array.from({ length: PAGE / 4 }, (_, n) => base + n * 4 + i32(bytes, n * 4));
  }

  #isCode(place: number): boolean {
    return this.#code.some(
      ({ start, end }) => place >= Number(start - this.#origin) && place < Number(end - this.#origin),
    );
  }
}
