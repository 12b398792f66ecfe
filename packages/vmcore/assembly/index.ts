/**
 * Decompressors of pages, in AssemblyScript: `scripts/wasm_codecs.ts` makes WebAssembly of them. They read and refuse
 * what those in `src/codecs` do, byte for byte; why damaged input is refused is for those to say.
 */
import * as room from './room';

export { inflate } from './inflate';
export { lzo } from './lzo';
export { zstd } from './zstd';
/** Where input goes and output comes, and how much of it there may be. */
export const input: usize = room.INPUT;
export const mostInput: i32 = room.MOST_INPUT;
export const output: usize = room.OUTPUT;
export const mostOutput: i32 = room.MOST_OUTPUT;
