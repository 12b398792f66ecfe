/**
 * How an architecture turns virtual addresses into physical ones. Addresses come as two unsigned 32-bit
 * halves, which keeps bigints out of the hottest loop there is.
 */
export interface Translator {
  /** The physical address, or `UNMAPPED`, or `NO_TABLE`. Throws only `io`. */
  translate(high: number, low: number): number;
  /** How many bytes from an address that is mapped certainly lie in one piece of physical memory. */
  piece(high: number, low: number): number;
}

/** The page tables say that nothing is mapped at the address, or it is not canonical. */
export const UNMAPPED = -1;

/** The dump lacks a page table that the answer needs. */
export const NO_TABLE = -2;
