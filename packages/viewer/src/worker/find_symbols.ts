import { allSymbols } from '@kcrash/report/explore/symbol_table';
import { hexAddress } from '@kcrash/vmcore/bytes/address';
import type { Dump } from '@kcrash/vmcore/dump';
import type { Found, FoundSymbol } from '../protocol.ts';

/** So many are told. */
const MOST = 500;

/** Symbols whose names have the words in them, those that begin so first. */
export function findSymbols(dump: Dump, query: string): Found<FoundSymbol> {
  const words = query.trim().toLowerCase();
  if (words === '') return { items: [], left: 0 };
  const found: { rank: number; symbol: FoundSymbol }[] = [];
  for (const { name, address, type, module } of allSymbols(dump)) {
    const at = name.toLowerCase().indexOf(words);
    if (at < 0) continue;
    const rank = name.length === words.length ? 0 : at === 0 ? 1 : 2;
    const symbol = { name, address: hexAddress(address), letter: type ?? 'm', module: module ?? null };
    found.push({ rank, symbol });
  }
  found.sort((a, b) => a.rank - b.rank || a.symbol.name.length - b.symbol.name.length);
  return { items: found.slice(0, MOST).map(({ symbol }) => symbol), left: Math.max(0, found.length - MOST) };
}
