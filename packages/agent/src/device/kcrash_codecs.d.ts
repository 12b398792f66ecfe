/** The C module of the device binary that packs and unpacks pages (`native/kcrash_codecs.c`), by zlib and zstd. */
declare module 'quickjs:kcrash_codecs' {
  /** Decompresses a zlib stream into `output`; returns how many bytes came, or -1 where it is damaged or longer. */
  export function inflate(input: Uint8Array, output: Uint8Array): number;
  /** The same of Zstandard frames. */
  export function unzstd(input: Uint8Array, output: Uint8Array): number;
  /**
   * Compresses `count` pages one by one into `packed`, each right after the other, and tells in `sizes` how long
   * each became: 0 for a page of zeros, which takes no bytes, 0xffff for one that would not shrink and is stored.
   * `codec` is 0 for none, 1 for zlib, 2 for zstd, both at level 1. Returns how many bytes it filled.
   */
  export function pack(
    codec: 0 | 1 | 2,
    pages: Uint8Array,
    pageSize: number,
    count: number,
    sizes: Uint16Array,
    packed: Uint8Array,
  ): number;
}
