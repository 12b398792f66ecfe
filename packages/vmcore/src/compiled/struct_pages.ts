import type { StructPagePass, StructPageTables, TableLoops } from '../describe/table_loops.ts';
import type { Compiled } from './compiled.ts';

/** Bytes of `StructPages` in `assembly/struct_pages.ts`, and where its parts lie. */
const BYTES = 96;
const BLOCK_AT = 64;
const CLASSES_AT = 80;
const REFCOUNT_AT = 92;

const BYTE_CLASSES = 256;
const ABSENT = 0xffff_ffff;

/** The compiled pass over struct pages. */
export function structPages(
  compiled: Compiled,
  room: TableLoops['room'],
  { size, flags, compound, mapping, mapcount, refcount, pool, bits, types, classes }: StructPageTables,
): StructPagePass | undefined {
  const byBytes = 'bytes' in types;
  const table = room(BYTES + (byBytes ? BYTE_CLASSES : types.bits.length * 8));
  if (table === undefined) return undefined;
  const { buffer, byteOffset: at } = table;
  const typesAt = at + BYTES;
  if (byBytes) table.set(types.bytes, BYTES);
  else new Uint32Array(buffer, typesAt).set(types.bits.flat());
  const ofTypes = byBytes ? [typesAt, 0, 0, 0] : [0, types.base, typesAt, typesAt + types.bits.length * 8];
  new Uint32Array(buffer, at).set([
    ...[size, flags, compound, mapping, mapcount, pool ?? ABSENT],
    ...[bits.reserved, bits.special, bits.taken, bits.private, bits.backed, bits.lru],
    ...ofTypes,
  ]);
  const { reserved, anonymous, movable, shared, privateCache, cache, socket, mapped } = classes;
  const { free, slab, unidentified } = classes;
  const order = [reserved, anonymous, movable, shared, privateCache, cache, socket, mapped];
  table.set([...order, free, slab, unidentified], CLASSES_AT);
  new Uint32Array(buffer, at + REFCOUNT_AT, 1)[0] = refcount;
  const block = new Uint32Array(buffer, at + BLOCK_AT, 4);
  return (pages, n, count, into, blockEnd, blockClass, headLow) => {
    block[0] = Math.max(0, Math.min(blockEnd, count));
    block[1] = blockClass;
    block[2] = headLow ?? 0;
    block[3] = headLow === undefined ? 1 : 0;
    return compiled.passPages(at, pages.byteOffset, n, count, into.byteOffset);
  };
}
