import type { ListedSymbol } from '@kcrash/report/explore/symbol_table';
import { addTo } from '@kcrash/vmcore/bytes/address';

/** `ffffffff81000000 (T) _stext`, with `+0x…` and the module's name where there are any. */
export function symbolLine(symbol: ListedSymbol, offset = 0): string {
  const address = bareAddress(addTo(symbol.address, offset));
  const place = offset === 0 ? symbol.name : `${symbol.name}+0x${offset.toString(16)}`;
  const module = symbol.module === undefined ? '' : ` [${symbol.module}]`;
  const note = symbol.perCpu ? '  (an offset in the per-CPU areas)' : '';
  return `${address} (${symbol.type ?? (symbol.module === undefined ? '?' : 'm')}) ${place}${module}${note}`;
}

/** Sixteen hexadecimal digits, as crash prints addresses. */
export function bareAddress(address: bigint): string {
  return address.toString(16).padStart(16, '0');
}
