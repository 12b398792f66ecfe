import { addTo, type VirtualAddress } from '../bytes/address.ts';
import type { ByteSource } from '../bytes/byte_source.ts';
import { PagedBytes } from './paged_bytes.ts';

/** What the tables of this folder need of the crashed kernel's memory. */
export interface KernelMemory {
  /**
   * Bytes `[address, address + length)`; the result may be lent until the next call. Throws `unmapped` or
   * `absent-memory` when any part of it cannot be had.
   */
  read(address: VirtualAddress, length: number): Uint8Array;
}

/** A range of kernel memory as a source of bytes that starts at 0. */
export function memorySource(memory: KernelMemory, start: VirtualAddress, size: number): ByteSource {
  return { size, read: (offset, length) => memory.read(addTo(start, offset), length) };
}

/** A table of kernel memory, read page by page as it is touched. */
export function pagedMemory(
  memory: KernelMemory,
  start: VirtualAddress,
  size: number,
  what: string,
): PagedBytes {
  return new PagedBytes(memorySource(memory, start, size), what, Number(start & 0xfffn));
}
