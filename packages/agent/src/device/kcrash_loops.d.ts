/** The C module of the device binary with the loops of `packages/vmcore/assembly` (`native/kcrash_loops.c`). */
declare module 'quickjs:kcrash_loops' {
  type Compiled = import('@kcrash/vmcore/compiled/compiled').Compiled;
  /** All memory that the loops have. */
  export const memory: () => ArrayBuffer;
  export const input: Compiled['input'];
  export const mostInput: Compiled['mostInput'];
  export const output: Compiled['output'];
  export const mostOutput: Compiled['mostOutput'];
  export const lzo: Compiled['lzo'];
  export const inflate: Compiled['inflate'];
  export const zstd: Compiled['zstd'];
  export const room: Compiled['room'];
  export const walkTypes: Compiled['walkTypes'];
  export const enterTypes: Compiled['enterTypes'];
  export const searchPages: Compiled['searchPages'];
  export const passPages: Compiled['passPages'];
  export const nextClass: Compiled['nextClass'];
  export const countClasses: Compiled['countClasses'];
  export const tableEntries: Compiled['tableEntries'];
  export const enterNames: Compiled['enterNames'];
}
