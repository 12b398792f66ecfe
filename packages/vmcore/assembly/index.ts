/**
 * Loops that must be fast from their first turn on, in AssemblyScript; `scripts/compiled.ts` makes WebAssembly of them.
 * Each does what a function of `src` does, byte for byte; why damaged input is refused is for that one to say.
 */
import * as io from './room';

export { enterTypes, walkTypes } from './btf';
export { countClasses, nextClass } from './class_map';
export { room } from './heap';
export { inflate } from './inflate';
export { enterNames } from './kallsyms';
export { lzo } from './lzo';
export { tableEntries } from './page_table';
export { searchPages } from './search';
export { passPages } from './struct_pages';
export { zstd } from './zstd';

/** Where the decompressors' input goes and their output comes, and how much of it there may be. */
export function input(): usize {
  return io.INPUT;
}
export function mostInput(): i32 {
  return io.MOST_INPUT;
}
export function output(): usize {
  return io.OUTPUT;
}
export function mostOutput(): i32 {
  return io.MOST_OUTPUT;
}
