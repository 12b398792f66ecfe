import type { VirtualAddress } from '../bytes/address.ts';
import { DumpError } from '../bytes/errors.ts';
import type { Kallsyms, SymbolHit } from './kallsyms.ts';
import type { KernelMemory } from './kernel_memory.ts';
import { ModuleSymbols } from './module_symbols.ts';
import { type LoadedModule, moduleAt } from './modules.ts';
import type { Types } from './types.ts';
import type { Frame } from './unwind.ts';

/** A symbol of the kernel or of a module, found by address. */
export interface Symbol extends SymbolHit {
  /** Name of the module, undefined for the kernel's own. */
  readonly module: string | undefined;
}

/** A symbol found by name. */
export interface NamedSymbol {
  readonly name: string;
  readonly address: VirtualAddress;
  readonly module: string | undefined;
}

/** The kernel's and all modules' symbols as one table, looked up in the order that the kernel looks. */
export class Symbols {
  readonly kallsyms: Kallsyms;
  readonly modules: readonly LoadedModule[];
  readonly #memory: KernelMemory;
  readonly #types: Types;
  readonly #tables = new Map<LoadedModule, ModuleSymbols | undefined>();

  constructor(memory: KernelMemory, types: Types, kallsyms: Kallsyms, modules: readonly LoadedModule[]) {
    this.kallsyms = kallsyms;
    this.modules = modules;
    this.#memory = memory;
    this.#types = types;
  }

  /** What the kernel prints for an address with `%pS`: symbol, offset, size, module. */
  lookup(address: bigint): Symbol | undefined {
    const own = this.kallsyms.lookup(address);
    if (own) return { ...own, module: undefined };
    const module = moduleAt(this.modules, address);
    const hit = module && this.table(module)?.lookup(address);
    return hit && { ...hit, module: module.name };
  }

  /**
   * What the kernel prints for a frame with `%pB`. A return address is looked up one byte before, where the
   * call is: behind a call that never returns the next function may begin.
   */
  ofFrame(frame: Pick<Frame, 'address' | 'interrupted'>): Symbol | undefined {
    if (frame.interrupted) return this.lookup(frame.address);
    const hit = this.lookup(frame.address - 1n);
    return hit && { ...hit, offset: hit.offset + 1 };
  }

  /** All symbols of a name, the kernel's first; `module:name` looks in one module only, as in the kernel. */
  find(name: string): NamedSymbol[] {
    const colon = name.indexOf(':');
    const plain = name.slice(colon + 1);
    const only = colon < 0 ? undefined : name.slice(0, colon);
    const own = only === undefined ? this.kallsyms.find(plain) : [];
    const found: NamedSymbol[] = own.map(({ address }) => ({ name: plain, address, module: undefined }));
    for (const module of this.modules) {
      if (only !== undefined && module.name !== only) continue;
      for (const address of this.table(module)?.find(plain) ?? []) {
        found.push({ name: plain, address, module: module.name });
      }
    }
    return found;
  }

  /** Whether an address lies in code of the kernel or of a module. */
  isText(address: bigint): boolean {
    if (this.kallsyms.isText(address)) return true;
    const module = moduleAt(this.modules, address);
    return (
      module?.regions.some((region) => region.text && address >= region.start && address < region.end) ??
      false
    );
  }

  /** Symbols of one module; undefined where the dump lacks them or they are damaged. */
  table(module: LoadedModule): ModuleSymbols | undefined {
    if (!this.#tables.has(module)) {
      let table: ModuleSymbols | undefined;
      try {
        table = new ModuleSymbols(this.#memory, this.#types, module);
      } catch (error) {
        if (!(error instanceof DumpError)) throw error;
      }
      this.#tables.set(module, table);
    }
    return this.#tables.get(module);
  }
}

/** `schedule+0x12/0x40 [module]`, as the kernel prints a symbol. */
export function symbolText(symbol: Symbol): string {
  const place = `${symbol.name}+0x${symbol.offset.toString(16)}/0x${symbol.size.toString(16)}`;
  return symbol.module === undefined ? place : `${place} [${symbol.module}]`;
}
