/**
 * The C module of the device binary that compresses pages (`native/kcrash_packer.c`), by zlib and zstd at low levels, in
 * threads where the machine has more than one CPU.
 */
declare module 'quickjs:kcrash_packer' {
  /** How many batches may usefully be in work at once: slots 0 to that. */
  export function slots(): number;
  /**
   * Begins to compress `count` pages one by one into `packed`, each right after the other; `sizes` will tell how long
   * each became: 0 for a page of zeros, which takes no bytes, 0xffff for one that would not shrink and is stored.
   * `codec` is 0 for none, 1 for zlib, 2 for zstd. The arrays are not to be touched until `finish`.
   */
  export function start(
    slot: number,
    codec: 0 | 1 | 2,
    pages: Uint8Array,
    pageSize: number,
    count: number,
    sizes: Uint16Array,
    packed: Uint8Array,
  ): void;
  /** Helps until what was started in the slot is done; returns how many bytes it filled. */
  export function finish(slot: number): number;
}
