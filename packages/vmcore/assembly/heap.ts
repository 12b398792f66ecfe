/** What a dump's tables take of this memory, one after the other; all of it goes with the instance. */

let used: usize = (__heap_base + 15) & ~15;

/** Takes room of so many bytes, zero at first and at a multiple of 16; 0 where there is not so much left. */
export function room(bytes: u32): usize {
  const at = used;
  const all: usize = (<usize>memory.size()) << 16;
  if (bytes > <u32>(all - at) || all - at - bytes < 16) return 0;
  used = (at + bytes + 15) & ~15;
  return at;
}
