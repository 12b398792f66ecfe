import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { u32, u64Big } from '../bytes/cursor.ts';
import { DumpError } from '../bytes/errors.ts';
import { type KernelMemory, tryRead } from './kernel_memory.ts';
import { type LoadedModule, moduleAt, moduleReader } from './modules.ts';
import type { Types } from './types.ts';

const PAGE = 4096;
/** How far around a known variable the head of the list may lie: a kernel's `.data` has some megabytes. */
const AROUND = 6 << 20;

/** No module is larger; what is read from other memory may be. */
const MOST_MODULE = 64n << 20n;

/**
 * The head of the kernel's list of modules by its shape, where no symbol names it: two pointers in the
 * kernel's data to where modules are loaded, whose owners point back and are modules that lie in their own
 * memory. `near` is any variable of the kernel's `.data`. Undefined where nothing is like it: no module is
 * loaded.
 */
export function findModulesHead(
  memory: KernelMemory,
  types: Types,
  near: VirtualAddress,
): VirtualAddress | undefined {
  const start = addTo((near & ~BigInt(PAGE - 1)) as VirtualAddress, -AROUND);
  const listAt = types.offsetof('struct module', 'list');
  const read = moduleReader(types);
  const isModule = (at: VirtualAddress) => {
    try {
      const module = read(memory, addTo(at, -listAt));
      return module !== undefined && isLikely(module, at);
    } catch (error) {
      if (error instanceof DumpError) return false;
      throw error;
    }
  };
  for (let offset = 0; offset < 2 * AROUND; offset += PAGE) {
    const page = addTo(start, offset);
    const bytes = tryRead(memory, page, PAGE)?.slice();
    if (!bytes) continue;
    for (let at = 0; at + 16 <= PAGE; at += 8) {
      // x86_64 loads modules into the last 1.5 GB (MODULES_VADDR), aarch64 has other rules.
      if (u32(bytes, at + 4) !== 0xffff_ffff || u32(bytes, at + 12) !== 0xffff_ffff) continue;
      const next = u64Big(bytes, at) as VirtualAddress;
      const previous = u64Big(bytes, at + 8) as VirtualAddress;
      const head = addTo(page, at);
      if (next === head || !pointsTo(memory, addTo(next, 8), head) || !pointsTo(memory, previous, head))
        continue;
      if (isModule(next)) return head;
    }
  }
  return undefined;
}

/** A module has a name, whole pages of memory, and lies in them itself. */
function isLikely(module: LoadedModule, at: bigint): boolean {
  return (
    /^\w[\w-]{0,63}$/.test(module.name) &&
    module.regions.every(({ start, end }) => end > start && end - start < MOST_MODULE) &&
    moduleAt([module], at) !== undefined
  );
}

function pointsTo(memory: KernelMemory, at: VirtualAddress, target: bigint): boolean {
  const bytes = tryRead(memory, at, 8);
  return bytes !== undefined && u64Big(bytes, 0) === target;
}
