/** The loop over entries of a page table, as `pages/page_table_tree.ts` does it. */

const PRESENT: u64 = 1;
const LARGE: u64 = 0x80;

/** Puts the addresses of tables below into `found`; returns how many there are. */
export function tableEntries(
  entries: usize,
  first: i32,
  end: i32,
  maskHigh: u32,
  maskLow: u32,
  skipLarge: bool,
  found: usize,
): i32 {
  const mask = ((<u64>maskHigh) << 32) | maskLow;
  let count = 0;
  for (let n = first; n < end; n++) {
    const entry = load<u64>(entries + ((<usize>n) << 3));
    if ((entry & PRESENT) === 0 || (skipLarge && (entry & LARGE) !== 0)) continue;
    store<f64>(found + ((<usize>count) << 3), <f64>(entry & mask));
    count++;
  }
  return count;
}
