import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { u32 } from '../bytes/cursor.ts';
import { DumpError } from '../bytes/errors.ts';
import { Btf } from './btf.ts';
import type { Kallsyms } from './kallsyms.ts';
import { type KernelMemory, pagedMemory, tryRead } from './kernel_memory.ts';
import type { PagedBytes } from './paged_bytes.ts';
import type { TableLoops } from './table_loops.ts';

const PAGE = 4096;
/** `struct btf_header` starts with magic, version 1, no flags. */
const MAGIC_WORD = 0x0001_eb9f;
/** Sizes of the header, before and after the layout section was added to it. */
const HEADER_SIZES = [24, 32];
/** The BTF of a kernel has 3 MB and more; of what is smaller it is none. */
const LEAST_BYTES = 64 * 1024;
const MOST_BYTES = 64 << 20;
/** How far behind kallsyms the BTF may lie; both are read-only data. */
const MOST_DISTANCE = 64 << 20;

/**
 * The kernel's own BTF. `__start_BTF` is a variable of kallsyms; where that has code only, the blob is looked
 * for by its header, from kallsyms on. Throws `not-described` for a kernel without BTF.
 */
export function findBtf(memory: KernelMemory, kallsyms: Kallsyms, loops?: TableLoops): Btf {
  const start = kallsyms.variable('__start_BTF');
  const end = kallsyms.variable('__stop_BTF');
  if (start !== undefined && end !== undefined)
    return new Btf(blobAt(memory, start, Number(end - start), loops));
  const found = btfByHeader(memory, kallsyms.tableAt);
  if (!found) throw new DumpError('not-described', 'The kernel has no BTF (CONFIG_DEBUG_INFO_BTF)');
  return new Btf(blobAt(memory, found.start, found.size, loops));
}

/** A module's BTF at a known place. */
export function moduleBtf(memory: KernelMemory, start: VirtualAddress, size: number, base: Btf): Btf {
  return new Btf(blobAt(memory, start, size), base);
}

function blobAt(memory: KernelMemory, start: VirtualAddress, size: number, loops?: TableLoops): PagedBytes {
  if (!(size > 0 && size <= MOST_BYTES)) {
    throw new DumpError('bad-format', `BTF of ${size} bytes`, { size });
  }
  return pagedMemory(memory, start, size, 'BTF', loops);
}

/** Where a BTF blob of a kernel's size lies behind an address. */
export function btfByHeader(
  memory: KernelMemory,
  from: VirtualAddress,
): { readonly start: VirtualAddress; readonly size: number } | undefined {
  const first = (from & ~BigInt(PAGE - 1)) as VirtualAddress;
  for (let offset = 0; offset < MOST_DISTANCE; offset += PAGE) {
    const page = tryRead(memory, addTo(first, offset), PAGE);
    if (!page) continue;
    // The linker script puts the section at a multiple of 4 at least.
    for (let at = 0; at < PAGE; at += 4) {
      if (page[at] !== 0x9f || u32(page, at) !== MAGIC_WORD) continue;
      const start = addTo(first, offset + at);
      const size = sizeByHeader(memory, start);
      if (size !== undefined) return { start, size };
    }
  }
  return undefined;
}

/** Size of the blob that a header tells of, where it is one: types first, strings directly behind. */
function sizeByHeader(memory: KernelMemory, start: VirtualAddress): number | undefined {
  const header = tryRead(memory, start, 24);
  if (!header) return undefined;
  const headerLength = u32(header, 4);
  const typesAt = u32(header, 8);
  const typesLength = u32(header, 12);
  const stringsAt = u32(header, 16);
  const size = headerLength + stringsAt + u32(header, 20);
  const likely = HEADER_SIZES.includes(headerLength) && typesAt === 0 && stringsAt >= typesLength;
  return likely && size >= LEAST_BYTES && size <= MOST_BYTES ? size : undefined;
}
