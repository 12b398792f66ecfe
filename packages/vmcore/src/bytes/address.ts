/** An address of the crashed kernel's virtual memory (C `void *`), unsigned. */
export type VirtualAddress = bigint & { readonly __unit: 'virtual address' };

/** A physical address of the crashed machine, in bytes; exact as a number up to 2^53. */
export type PhysicalAddress = number;

/** Number of a page frame: physical address over page size. */
export type Frame = number;

/** Names a 64-bit value as a virtual address; wraps as C arithmetic on pointers does. */
export function virtualAddress(value: bigint): VirtualAddress {
  return BigInt.asUintN(64, value) as VirtualAddress;
}

/** `address + offset` in C's 64-bit arithmetic. */
export function addTo(address: VirtualAddress, offset: number | bigint): VirtualAddress {
  return BigInt.asUintN(64, address + BigInt(offset)) as VirtualAddress;
}

/** Sixteen hexadecimal digits after `0x`. */
export function hexAddress(address: bigint): string {
  return `0x${address.toString(16).padStart(16, '0')}`;
}
