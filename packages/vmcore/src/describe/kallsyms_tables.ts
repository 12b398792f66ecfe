import { type VirtualAddress, virtualAddress } from '../bytes/address.ts';
import { MARK_STRIDE } from './kallsyms_names.ts';
import { type KernelMemory, pagedMemory } from './kernel_memory.ts';
import type { PagedBytes } from './paged_bytes.ts';

/** Bytes of names allowed for a symbol where no table bounds them. */
const MOST_NAME_BYTES = 64;

/** Where the tables lie in kernel memory. */
export interface KallsymsAddresses {
  readonly names: VirtualAddress;
  readonly numSyms: VirtualAddress;
  readonly tokenTable: VirtualAddress;
  readonly tokenIndex: VirtualAddress;
  readonly offsets: VirtualAddress;
  /** Missing where the offsets are relative to their own place (kernels of 2026 on). */
  readonly relativeBase: VirtualAddress | undefined;
}

/** The names end where the next table starts; the order of the tables differs between kernels. */
export function namesLimit(at: KallsymsAddresses, count: number): number {
  let limit = count * MOST_NAME_BYTES;
  for (const other of [at.numSyms, at.tokenTable, at.tokenIndex, at.offsets, at.relativeBase]) {
    if (other !== undefined) limit = distance(at.names, other, limit);
  }
  return limit;
}

/** Bytes from one address to a later one, or `most` where it is not later or too far. */
export function distance(from: bigint, to: bigint, most: number): number {
  const bytes = to - from;
  return bytes > 0n && bytes < BigInt(most) ? Number(bytes) : most;
}

/**
 * Where `kallsyms_markers` may lie: VMCOREINFO does not say. It comes after the names; between it and the next
 * table that is known stands nothing, or `kallsyms_seqs_of_names` (3 bytes a symbol). Each table starts at a
 * multiple of 8.
 */
export function markersBefore(memory: KernelMemory, limit: VirtualAddress, count: number): PagedBytes[] {
  const size = Math.ceil(count / MARK_STRIDE) * 4;
  return [0, count * 3].map((between) => {
    const end = (limit - BigInt(between)) & ~7n;
    return pagedMemory(memory, virtualAddress((end - BigInt(size)) & ~7n), size, 'kallsyms_markers');
  });
}
