import { addTo, hexAddress, type VirtualAddress, virtualAddress } from '@kcrash/vmcore/bytes/address';
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import type { SymbolEntry } from '@kcrash/vmcore/describe/kallsyms';
import type { Dump } from '@kcrash/vmcore/dump';
import { QuestionError } from './question_error.ts';

/** A symbol as /proc/kallsyms lists it. */
export interface ListedSymbol {
  readonly name: string;
  readonly address: VirtualAddress;
  /** The letter that `nm` prints; undefined where the dump does not tell, as for modules. */
  readonly type: string | undefined;
  /** Undefined for the kernel's own. */
  readonly module: string | undefined;
  /** Whether the address is an offset in the per-CPU areas. */
  readonly perCpu: boolean;
}

/** An address with the symbol that it belongs to. */
export interface PlacedSymbol extends ListedSymbol {
  /** Bytes from the symbol's start. */
  readonly offset: number;
  /** Bytes from the symbol's start to the next symbol. */
  readonly size: number;
}

/** The symbol of an address; undefined where there is none. Throws `not-described` for kernels without a table. */
export function symbolAt(dump: Dump, address: bigint): PlacedSymbol | undefined {
  const hit = orNotDescribed(() => dump.symbols.lookup(address)) ?? kernelLookup(dump, address);
  if (hit === undefined) return undefined;
  const listed = hit.module === undefined ? kernelSymbol(dump, hit.name, hit.address) : undefined;
  return { ...hit, type: listed?.type, perCpu: listed?.perCpu ?? false };
}

/** The kernel's own table is there also when its types, and so its modules, are not. */
function kernelLookup(dump: Dump, address: bigint) {
  const hit = dump.description.kallsyms.lookup(address);
  return hit && { ...hit, module: undefined };
}

function kernelSymbol(dump: Dump, name: string, address: bigint): ListedSymbol | undefined {
  return kernelSymbols(dump, name).find((symbol) => symbol.address === address);
}

function kernelSymbols(dump: Dump, name: string): ListedSymbol[] {
  return dump.description.kallsyms.find(name).map(listed);
}

function listed({ name, address, type, perCpuOffset }: SymbolEntry): ListedSymbol {
  return { name, address, type, module: undefined, perCpu: perCpuOffset };
}

/** All symbols of a name; `module:name` means one module's. None where no table can be read. */
export function symbolsNamed(dump: Dump, name: string): ListedSymbol[] {
  const own = name.includes(':') ? [] : (orNotDescribed(() => kernelSymbols(dump, name)) ?? []);
  const all = orNotDescribed(() => dump.symbols.find(name)) ?? [];
  const ofModules = all.filter(({ module }) => module !== undefined);
  const found = [...own, ...ofModules.map((symbol) => ({ ...symbol, type: undefined, perCpu: false }))];
  if (found.length > 0) return found;
  const told = orNotDescribed(() => dump.findVariable(name)) ?? dump.vmcoreinfo.findSymbol(name);
  if (told === undefined) return [];
  return [{ name, address: told, type: undefined, module: undefined, perCpu: false }];
}

/** Every symbol: the kernel's in the order of its table, then each module's. */
export function* allSymbols(dump: Dump): Generator<ListedSymbol> {
  for (const symbol of dump.description.kallsyms.all()) yield listed(symbol);
  const symbols = orNotDescribed(() => dump.symbols);
  for (const module of symbols?.modules ?? []) {
    for (const { name, value } of symbols?.table(module)?.all() ?? []) {
      yield { name, address: value, type: undefined, module: module.name, perCpu: false };
    }
  }
}

/** `symbol+0x1/0x20 [module]` for an address, or undefined. */
export function placeOf(dump: Dump, address: bigint): string | undefined {
  const symbol = orNotDescribed(() => symbolAt(dump, address));
  if (symbol === undefined) return undefined;
  const module = symbol.module === undefined ? '' : ` [${symbol.module}]`;
  return symbol.offset === 0
    ? `${symbol.name}${module}`
    : `${symbol.name}+0x${symbol.offset.toString(16)}${module}`;
}

const ADDRESS = /^(?<base>.+?)(?:(?<sign>[+-])(?<offset>0x[\da-f]+|\d+))?$/i;

/**
 * An address as users of crash write it: hexadecimal with or without `0x`, or a symbol, with an offset where
 * wanted (`schedule+0x10`). A symbol's name is taken for one even when it reads as a number. Throws `QuestionError`.
 */
export function parseAddress(dump: Dump, text: string): VirtualAddress {
  const { base = '', sign, offset = '0' } = ADDRESS.exec(text)?.groups ?? {};
  return addTo(parseBase(dump, base), sign === '-' ? -BigInt(offset) : BigInt(offset));
}

function parseBase(dump: Dump, base: string): VirtualAddress {
  if (/^0x[\da-f]{1,16}$/i.test(base)) return virtualAddress(BigInt(base));
  if (/^[\da-f]{16}$/i.test(base)) return virtualAddress(BigInt(`0x${base}`));
  const found = symbolsNamed(dump, base);
  const [first, ...others] = found;
  if (first !== undefined && others.some(({ address }) => address !== first.address)) {
    const places = found.map(({ address }) => hexAddress(address)).join(', ');
    throw new QuestionError('several-symbols', `${base} names ${found.length} symbols, at ${places}`);
  }
  if (first !== undefined) return first.address;
  if (/^[\da-f]{1,16}$/i.test(base)) return virtualAddress(BigInt(`0x${base}`));
  throw new QuestionError('no-symbol', `${base} is neither a symbol of this kernel nor an address`);
}

/** The result, or undefined where the kernel does not describe what is asked for or the dump lacks it. */
export function orNotDescribed<T>(step: () => T): T | undefined {
  try {
    return step();
  } catch (error) {
    if (error instanceof DumpError && error.code !== 'io') return undefined;
    throw error;
  }
}
