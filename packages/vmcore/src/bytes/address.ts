import { hexHalves, highHalf, lowHalf, wrapped } from './cursor.ts';

/** An address of the crashed kernel's virtual memory (C `void *`), unsigned. */
export type VirtualAddress = bigint & { readonly __unit: 'virtual address' };

/** A physical address of the crashed machine, in bytes; exact as a number up to 2^53. */
export type PhysicalAddress = number;

/** Number of a page frame: physical address over page size. */
export type Frame = number;

/** Names a 64-bit value as a virtual address; wraps as C arithmetic on pointers does. */
export function virtualAddress(value: bigint): VirtualAddress {
  return wrapped(value) as VirtualAddress;
}

/** `address + offset` in C's 64-bit arithmetic. */
export function addTo(address: VirtualAddress, offset: number | bigint): VirtualAddress {
  return wrapped(address + BigInt(offset)) as VirtualAddress;
}

/**
 * Sixteen hexadecimal digits after `0x`. By halves: QuickJS (2025.04.26) prints a zero before the digits of a
 * bigint whose top bit is set.
 */
export function hexAddress(address: bigint): string {
  return hexHalves(highHalf(address), lowHalf(address));
}
