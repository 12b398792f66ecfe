import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { u64Big } from '../bytes/cursor.ts';
import { DumpError } from '../bytes/errors.ts';
import { asciiText } from '../bytes/text.ts';
import { PagedBytes, type TableSource } from './paged_bytes.ts';
import type { TableLoops } from './table_loops.ts';

/** What the tables of this folder need of the crashed kernel's memory. */
export interface KernelMemory {
  /**
   * Bytes `[address, address + length)`; the result may be lent until the next call. Throws `unmapped` or
   * `absent-memory` when any part of it cannot be had.
   */
  read(address: VirtualAddress, length: number): Uint8Array;
  /** Fills `target` with the bytes from there on, and need not keep them for the next read. Throws what `read` does. */
  copyTo?(address: VirtualAddress, target: Uint8Array): void;
  /** C `unsigned long`, where it can be had with no view of its bytes. Throws what `read` does. */
  u64Big?(address: VirtualAddress): bigint;
}

/** C `unsigned long` at an address. Throws what reading memory throws. */
export function wordAt(memory: KernelMemory, address: VirtualAddress): bigint {
  return memory.u64Big ? memory.u64Big(address) : u64Big(memory.read(address, 8), 0);
}

/** A range of kernel memory as a source of bytes that starts at 0. */
export function memorySource(memory: KernelMemory, start: VirtualAddress, size: number): TableSource {
  return {
    size,
    read: (offset, length) => memory.read(addTo(start, offset), length),
    copyTo(offset, target) {
      const address = addTo(start, offset);
      if (memory.copyTo) memory.copyTo(address, target);
      else target.set(memory.read(address, target.length));
    },
  };
}

/** A table of kernel memory, read page by page as it is touched; `loops` for one that those go over. */
export function pagedMemory(
  memory: KernelMemory,
  start: VirtualAddress,
  size: number,
  what: string,
  loops?: TableLoops,
): PagedBytes {
  return new PagedBytes(memorySource(memory, start, size), what, Number(start & 0xfffn), loops);
}

/** Longest name that is read from memory: longer ones (`KSYM_NAME_LEN` is 512) are damage, and cut. */
const MOST_STRING = 1024;

/** A NUL-terminated string of ASCII. Throws what reading memory throws. */
export function readString(memory: KernelMemory, address: VirtualAddress): string {
  let text = '';
  while (text.length < MOST_STRING) {
    const at = addTo(address, text.length);
    // Never past the end of a page: the next may be missing, and the string may not reach it.
    const length = Math.min(64, 4096 - Number(at & 0xfffn));
    const bytes = memory.read(at, length);
    const end = bytes.indexOf(0);
    text += asciiText(end < 0 ? bytes : bytes.subarray(0, end));
    if (end >= 0) return text;
  }
  return text;
}

/** `memory.read`, but undefined where any of it cannot be had. */
export function tryRead(
  memory: KernelMemory,
  address: VirtualAddress,
  length: number,
): Uint8Array | undefined {
  try {
    return memory.read(address, length);
  } catch (error) {
    if (error instanceof DumpError) return undefined;
    throw error;
  }
}
