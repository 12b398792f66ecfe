/** The C module of the device binary that unpacks pages (`native/kcrash_codecs.c`), by zlib and zstd. */
declare module 'quickjs:kcrash_codecs' {
  /** Decompresses a zlib stream into `output`; returns how many bytes came, or -1 where it is damaged or longer. */
  export function inflate(input: Uint8Array, output: Uint8Array): number;
  /** The same of Zstandard frames. */
  export function unzstd(input: Uint8Array, output: Uint8Array): number;
}
