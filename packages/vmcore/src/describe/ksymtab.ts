import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { i32 } from '../bytes/cursor.ts';
import { DumpError } from '../bytes/errors.ts';
import { type KernelMemory, readString, tryRead } from './kernel_memory.ts';

const PAGE = 4096;
/**
 * `struct kernel_symbol`: distances from their own places to the value, the name (7290d5809571, v4.19) and the
 * namespace (8651ec01daed, v5.4).
 */
const ENTRY = 12;
/** Entries in a row that must look right for a place to count as the table. */
const PROBE = 24;
/** The kernel exports some 20,000 symbols. */
const MOST_ENTRIES = 1 << 17;
/** How far behind kallsyms the table may lie; both are read-only data. */
const MOST_DISTANCE = 32 << 20;
/** Names lie this near to their entries. */
const MOST_REACH = 32 << 20;

/**
 * The symbols that the kernel exports to modules, by name: another road to variables where kallsyms has code
 * only. `__ksymtab` and `__ksymtab_gpl` follow each other in the read-only data, each sorted by name; they
 * are found by that. Values of per-CPU variables are offsets in the per-CPU area. Empty where there is no such
 * table; what lies on missing pages is left out.
 */
export function readExports(memory: KernelMemory, from: VirtualAddress): ReadonlyMap<string, VirtualAddress> {
  const exports = new Map<string, VirtualAddress>();
  const table = findTable(memory, from);
  if (table === undefined) return exports;
  for (let n = 0, at = table; n < MOST_ENTRIES; n++, at = addTo(at, ENTRY)) {
    const name = nameOf(memory, at);
    if (name === undefined) break;
    exports.set(name, addTo(at, i32(memory.read(at, 4), 0)));
  }
  return exports;
}

/** Where the first table starts. */
function findTable(memory: KernelMemory, from: VirtualAddress): VirtualAddress | undefined {
  const first = (from & ~BigInt(PAGE - 1)) as VirtualAddress;
  for (let offset = 0; offset < MOST_DISTANCE; offset += PAGE) {
    if (!tryRead(memory, addTo(first, offset), PAGE)) continue;
    for (let phase = 0; phase < ENTRY; phase += 4) {
      const at = addTo(first, offset + phase);
      if (!sorted(memory, at, PROBE)) continue;
      let start = at;
      while (sorted(memory, addTo(start, -ENTRY), 2)) start = addTo(start, -ENTRY);
      return start;
    }
  }
  return undefined;
}

/** Whether entries with ascending names start at a place. */
function sorted(memory: KernelMemory, at: VirtualAddress, count: number): boolean {
  let last = '';
  for (let n = 0; n < count; n++) {
    const name = nameOf(memory, addTo(at, n * ENTRY));
    if (name === undefined || name <= last) return false;
    last = name;
  }
  return true;
}

/** The name that an entry points to, where it points to an identifier. */
function nameOf(memory: KernelMemory, at: VirtualAddress): string | undefined {
  try {
    const distance = i32(memory.read(addTo(at, 4), 4), 0);
    if (distance === 0 || Math.abs(distance) > MOST_REACH) return undefined;
    const name = readString(memory, addTo(at, 4 + distance));
    return /^[A-Za-z_]\w{1,511}$/.test(name) ? name : undefined;
  } catch (error) {
    if (error instanceof DumpError) return undefined;
    throw error;
  }
}
