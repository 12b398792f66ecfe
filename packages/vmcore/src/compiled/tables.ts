import type { TableLoops } from '../describe/table_loops.ts';
import type { Compiled } from './compiled.ts';
import { structPages } from './struct_pages.ts';

/** Bytes of `Search` in `assembly/search.ts`, and of each part of the memory map behind it. */
const SEARCH_BYTES = 56;
const PART_BYTES = 24;

/** The compiled loops over tables, with memory that all of one dump's tables share. */
export function compiledTables(compiled: Compiled): TableLoops {
  const { memory } = compiled;
  const room = (bytes: number): Uint8Array<ArrayBuffer> | undefined => {
    const at = bytes > memory.byteLength ? 0 : compiled.room(bytes);
    return at === 0 ? undefined : new Uint8Array(memory, at, bytes);
  };
  return {
    room,
    sees: ({ buffer }) => buffer === memory,
    walkTypes: (walk, words, stop, sizes, starts) =>
      compiled.walkTypes(walk.byteOffset, words.byteOffset, stop, sizes.byteOffset, starts.byteOffset) === 1,
    typeNames: (tables) => {
      const { words, starts, kinds, strings, present, skew, heads, tails, next } = tables;
      const places = [
        words.byteOffset,
        starts.byteOffset,
        kinds.byteOffset,
        strings.byteOffset,
        strings.length,
        present.byteOffset,
        skew,
        heads.byteOffset,
        tails.byteOffset,
        next.byteOffset,
        heads.length - 1,
      ];
      const struct = room(places.length * 4);
      if (struct === undefined) return undefined;
      new Int32Array(memory, struct.byteOffset, places.length).set(places);
      return (first, end) => compiled.enterTypes(struct.byteOffset, first, end);
    },
    nextClass: (classes, from, end, wanted, not) =>
      compiled.nextClass(classes.byteOffset, from, end, wanted.byteOffset, not ? 1 : 0),
    countClasses: (classes, counts) =>
      compiled.countClasses(classes.byteOffset, classes.length, counts.byteOffset),
    tableEntries: (page, first, end, [maskHigh, maskLow], skipLarge, found) =>
      compiled.tableEntries(
        page.byteOffset,
        first,
        end,
        maskHigh,
        maskLow,
        skipLarge ? 1 : 0,
        found.byteOffset,
      ),
    structPages: (tables) => structPages(compiled, room, tables),
    search: ({ direct, pageSize, structBytes, parts, kinds }) => {
      const table = room(SEARCH_BYTES + parts.length * PART_BYTES);
      if (table === undefined) return undefined;
      const at = table.byteOffset;
      const view = new DataView(memory, at, table.length);
      const partsAt = at + SEARCH_BYTES;
      const long = (offset: number, value: bigint | number) => view.setBigUint64(offset, BigInt(value), true);
      long(0, direct.base);
      long(8, direct.length);
      long(16, Math.log2(pageSize));
      long(24, structBytes);
      long(32, kinds.length);
      view.setUint32(40, kinds.byteOffset, true);
      view.setUint32(44, partsAt, true);
      view.setUint32(48, partsAt + parts.length * PART_BYTES, true);
      for (const [n, { base, length, first }] of parts.entries()) {
        for (const [word, value] of [base, length, first].entries())
          long(SEARCH_BYTES + n * PART_BYTES + word * 8, value);
      }
      return (words) => compiled.searchPages(at, words.byteOffset, words.byteOffset + words.byteLength);
    },
    enterNames: (walk, names, stop, size, count, { tokens, heads, next }) =>
      compiled.enterNames(
        walk.byteOffset,
        names.byteOffset,
        stop,
        size,
        count,
        tokens.byteOffset,
        heads.byteOffset,
        heads.length - 1,
        next.byteOffset,
      ) === 1,
  };
}
