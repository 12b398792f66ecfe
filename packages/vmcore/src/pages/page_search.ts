import type { Frame } from '../bytes/address.ts';
import { highHalf, lowHalf } from '../bytes/cursor.ts';
import {
  BLOCK_HEAD,
  BLOCK_PAGE,
  BY_ADDRESS,
  BY_PAGE,
  type PageSearchTables,
} from '../describe/table_loops.ts';

const TWO_32 = 0x1_0000_0000;

/** A range of addresses as halves. */
interface HalfRange {
  readonly firstHigh: number;
  readonly firstLow: number;
  readonly length: number;
}

/**
 * `TableLoops.search`, where no platform has it. Looks for addresses by their high halves, of which there are few: one
 * for each 4 GB of memory, one or two of its map.
 */
export function searchWith(tables: PageSearchTables): (words: Uint8Array) => void {
  const { kinds, pageSize, structBytes } = tables;
  const direct = halfRange(tables.direct);
  const parts = tables.parts.map((part) => ({ range: halfRange(part), first: part.first }));
  const highs = new Set([direct, ...parts.map(({ range }) => range)].flatMap(highsOf));
  const note = (frame: Frame, only: number, how: number) => {
    const kind = kinds[frame];
    if (kind !== undefined && (kind & only) !== 0) kinds[frame] = kind | how;
  };
  const take = (high: number, low: number) => {
    const offset = offsetIn(direct, high, low);
    if (offset >= 0) {
      if (offset % pageSize === 0) note(offset / pageSize, BLOCK_HEAD, BY_ADDRESS);
      return;
    }
    // The lowest two bits mark the ends of scatter lists, and netmem.
    const clean = (low & ~3) >>> 0;
    for (const { range, first } of parts) {
      const within = offsetIn(range, high, clean);
      if (within < 0) continue;
      if (within % structBytes === 0) note(first + within / structBytes, BLOCK_PAGE, BY_PAGE);
      return;
    }
  };
  return ({ buffer, byteOffset, byteLength }) => {
    const words = new Int32Array(buffer, byteOffset, byteLength >>> 2);
    for (const high of highs) {
      for (let n = words.indexOf(high); n >= 0; n = words.indexOf(high, n + 1))
        if ((n & 1) === 1) take(high >>> 0, (words[n - 1] as number) >>> 0);
    }
  };
}

function halfRange({ base, length }: { readonly base: bigint; readonly length: number }): HalfRange {
  return { firstHigh: highHalf(base), firstLow: lowHalf(base), length };
}

/** The high halves, as signed words, of all addresses of a range. */
function highsOf({ firstHigh, firstLow, length }: HalfRange): number[] {
  const count = Math.ceil((firstLow + length) / TWO_32);
  return Array.from({ length: count }, (_, n) => (firstHigh + n) | 0);
}

/** How far an address lies in a range, or -1. */
function offsetIn(range: HalfRange, high: number, low: number): number {
  const offset = (high - range.firstHigh) * TWO_32 + low - range.firstLow;
  return offset >= 0 && offset < range.length ? offset : -1;
}
