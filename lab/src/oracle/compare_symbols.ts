import { hexAddress } from '@kcrash/vmcore/bytes/address';
import type { Symbols } from '@kcrash/vmcore/describe/symbols';
import type { Agreement } from './agreement.ts';
import type { GuestSymbol } from './guest_proc.ts';

/** Marks of the assembler: the kernel lists them, and passes over them when it names an address. */
const MARK = /^(\.L|L0|\$[adtx])/;

/** Compares every line of /proc/kallsyms: those of the kernel in its order, those of each module by address. */
export function compareSymbols(symbols: Symbols, guests: readonly GuestSymbol[], agreement: Agreement): void {
  const { kallsyms } = symbols;
  const kernel = guests.filter(({ module }) => module === undefined);
  agreement.compare('symbols', 'number', kallsyms.count, kernel.length);
  for (const [n, { address, type, name }] of kernel.entries()) {
    if (n >= kallsyms.count) break;
    const ours = `${hexAddress(kallsyms.address(n))} ${kallsyms.names.type(n)} ${kallsyms.names.name(n)}`;
    agreement.compare('symbols', `line ${n + 1}`, ours, `0x${address} ${type} ${name}`);
  }
  compareAliases(symbols, kernel, agreement);
  for (const module of symbols.modules) {
    const ours = symbols.table(module)?.all() ?? [];
    const own = guests.filter((symbol) => symbol.module === module.name && !MARK.test(symbol.name));
    agreement.compare('symbols of modules', `${module.name}, number`, ours.length, own.length);
    const theirs = own.map(({ address, name }) => `0x${address} ${name}`).sort();
    for (const [i, line] of ours
      .map(({ name, value }) => `${hexAddress(value)} ${name}`)
      .sort()
      .entries())
      agreement.compare('symbols of modules', `${module.name}, ${i + 1}`, line, theirs[i]);
  }
}

/** Of several functions at one address the kernel prints the one that it lists first. */
function compareAliases(symbols: Symbols, kernel: readonly GuestSymbol[], agreement: Agreement): void {
  for (const [n, { address, type, name }] of kernel.entries()) {
    const alone = kernel[n + 1]?.address !== address;
    if (alone || kernel[n - 1]?.address === address || !/[tTwW]/.test(type)) continue;
    agreement.compare('symbols: aliases', `0x${address}`, symbols.lookup(BigInt(`0x${address}`))?.name, name);
  }
}
