/** What a dump's tables take of this memory, one after the other; all of it goes with the instance. */

/** Bytes of memory in all: `--initialMemory` and `--maximumMemory` of `scripts/compiled.ts`, in pages of 64 KB. */
const MEMORY: usize = 384 << 16;

let used: usize = (__heap_base + 15) & ~15;

/** Takes room of so many bytes, zero at first and at a multiple of 16; 0 where there is not so much left. */
export function room(bytes: u32): usize {
  const at = used;
  if (bytes > <u32>(MEMORY - at) || MEMORY - at - bytes < 16) return 0;
  used = (at + bytes + 15) & ~15;
  return at;
}
