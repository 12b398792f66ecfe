import type { TableLoops } from '../describe/table_loops.ts';
import type { Compiled } from './compiled.ts';

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
