import { ifSeen, type StructPageTables, type TableLoops } from '../describe/table_loops.ts';
import type { PageLayout } from './page_layout.ts';

/** Classes that flags give, as `StructPageTables` has them. */
type FlagClasses = StructPageTables['classes'];

/**
 * Goes over struct pages from `n` to `count`, says in the class map what each is, and stops at the first that wants
 * more than that. `blockEnd` is one past the last page of the block that is being passed, `headLow` undefined where it is
 * one of free pages.
 */
type Pass = (
  n: number,
  count: number,
  blockEnd: number,
  blockClass: number,
  headLow: number | undefined,
) => number;

/** What the platform has compiled of `FlagPass`. */
export interface CompiledPass {
  /** Takes the words of struct pages; undefined where the loops do not see them or the classes. */
  take(words: Uint32Array, classes: Uint8Array | undefined): Pass | undefined;
}

/** The most that is passed at once: as much as a call costs nothing beside. */
export const MOST_STRUCT_PAGE_BYTES = 65_536;

/** Undefined where the platform has no room for it. */
export function compiledPass(
  { size, flags, compound, mapping, mapcount, refcount, poolMagic, bit, types }: PageLayout,
  classes: FlagClasses,
  classOfType: Uint8Array,
  loops: TableLoops,
): CompiledPass | undefined {
  const room = loops.room(MOST_STRUCT_PAGE_BYTES);
  const pass = loops.structPages({
    size,
    flags: flags * 4,
    compound: compound * 4,
    mapping: mapping * 4,
    mapcount: mapcount * 4,
    refcount: refcount * 4,
    pool: poolMagic === undefined ? undefined : poolMagic * 4,
    bits: {
      reserved: bit('PG_reserved'),
      special: (bit('PG_hwpoison') | bit('PG_head') | bit('PG_slab')) >>> 0,
      taken: (bit('PG_reserved') | bit('PG_slab')) >>> 0,
      private: (bit('PG_private') | bit('PG_private_2')) >>> 0,
      backed: bit('PG_swapbacked'),
      lru: bit('PG_lru'),
    },
    types:
      'bytes' in types
        ? { bytes: types.bytes.map((type) => classOfType[type] as number) }
        : { base: types.base, bits: types.bits.map(([mask, type]) => [mask, classOfType[type] as number]) },
    classes,
  });
  if (room === undefined || pass === undefined) return undefined;
  const pages = new Uint32Array(room.buffer, room.byteOffset, MOST_STRUCT_PAGE_BYTES / 4);
  return {
    take: (words, into) => {
      if (words.length > pages.length || into === undefined || ifSeen(loops, into) === undefined)
        return undefined;
      pages.set(words);
      return (n, count, blockEnd, blockClass, headLow) =>
        pass(room, n, count, into, blockEnd, blockClass, headLow);
    },
  };
}
