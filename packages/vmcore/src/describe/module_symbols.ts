import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { u16, u32, u64Big } from '../bytes/cursor.ts';
import { DumpError } from '../bytes/errors.ts';
import { asciiText, untilNul } from '../bytes/text.ts';
import type { SymbolHit } from './kallsyms.ts';
import { type KernelMemory, readString } from './kernel_memory.ts';
import type { LoadedModule } from './modules.ts';
import { compileReader, field } from './type_reader.ts';
import type { Types } from './types.ts';

/** `sizeof(Elf64_Sym)`. */
const SYMBOL_SIZE = 24;
/** The largest modules have some ten thousand symbols. */
const MOST_SYMBOLS = 1 << 20;
const MOST_STRINGS = 16 << 20;

/** One symbol of a module, by its place from the module's first region. */
interface Entry {
  readonly name: string;
  readonly value: VirtualAddress;
}

/** Symbols of one module, from the table that it was loaded with (`struct mod_kallsyms`). */
export class ModuleSymbols {
  readonly module: LoadedModule;
  /** Named and defined ones, by address; those of one address in the table's order. */
  readonly #sorted: readonly Entry[];

  constructor(memory: KernelMemory, types: Types, module: LoadedModule) {
    this.module = module;
    const entries = readEntries(memory, types, module);
    // Array.prototype.sort is stable: of one address the first in the table stays the first.
    this.#sorted = entries.sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0));
  }

  /** All symbols of a name. */
  find(name: string): VirtualAddress[] {
    return this.#sorted.filter((entry) => entry.name === name).map(({ value }) => value);
  }

  /** All symbols by address. */
  all(): readonly { readonly name: string; readonly value: VirtualAddress }[] {
    return this.#sorted;
  }

  /**
   * The symbol that an address belongs to, as the kernel's `find_kallsyms_symbol` has it: the first in the
   * table of those that start nearest below. Its size reaches to the next symbol or the end of the code.
   */
  lookup(address: bigint): SymbolHit | undefined {
    const next = this.#upperBound(address);
    const hit = this.#sorted[next - 1];
    if (!hit || hit.value === 0n) return undefined;
    let first = next - 1;
    while (first > 0 && this.#sorted[first - 1]?.value === hit.value) first -= 1;
    const { name, value } = this.#sorted[first] as Entry;
    const end = this.#endOfCode(address);
    const following = this.#sorted[next]?.value;
    const limit = following !== undefined && following < end ? following : end;
    return { name, address: value, offset: Number(address - value), size: Number(limit - value) };
  }

  #endOfCode(address: bigint): bigint {
    const { regions } = this.module;
    const inInit = regions.some((region) => region.init && address >= region.start && address < region.end);
    return regions.find((region) => region.text && region.init === inInit)?.end ?? address + 1n;
  }

  #upperBound(address: bigint): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sorted[middle] as Entry).value <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function readEntries(memory: KernelMemory, types: Types, module: LoadedModule): Entry[] {
  const table = compileReader(types, 'struct mod_kallsyms', {
    symtab: field.pointer('symtab'),
    count: field.number('num_symtab'),
    strtab: field.pointer('strtab'),
    typetab: field.optional(field.pointer('typetab')),
  })(memory, module.kallsyms);
  if (table.count > MOST_SYMBOLS) {
    throw new DumpError('bad-format', `Module ${module.name} says it has ${table.count} symbols`, {
      count: table.count,
    });
  }
  // Not lent: reading names follows.
  const symbols = memory.read(table.symtab, table.count * SYMBOL_SIZE).slice();
  const nameAt = nameReader(memory, table.strtab, table.typetab);
  const entries: Entry[] = [];
  // ELF starts real symbols at 1; section 0 is that of undefined ones.
  for (let n = 1; n < table.count; n++) {
    const at = n * SYMBOL_SIZE;
    if (u16(symbols, at + 6) === 0) continue;
    const name = nameAt(u32(symbols, at));
    if (name === '' || isMappingSymbol(name)) continue;
    entries.push({ name, value: u64Big(symbols, at + 8) as VirtualAddress });
  }
  return entries;
}

/** Names are read in one piece where the table of types, which follows them, tells where they end. */
function nameReader(
  memory: KernelMemory,
  strtab: VirtualAddress,
  typetab: VirtualAddress | undefined,
): (offset: number) => string {
  const length = typetab === undefined ? 0 : Number(typetab - strtab);
  if (!(length > 0 && length <= MOST_STRINGS)) return (offset) => readString(memory, addTo(strtab, offset));
  const strings = memory.read(strtab, length).slice();
  return (offset) => asciiText(untilNul(strings.subarray(offset, offset + 1024)));
}

/** Marks of the assembler, which the kernel passes over too (`is_mapping_symbol`). */
function isMappingSymbol(name: string): boolean {
  return name.startsWith('.L') || name.startsWith('L0') || /^\$[adtx]/.test(name);
}
