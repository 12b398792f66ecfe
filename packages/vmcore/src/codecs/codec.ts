/**
 * Decompresses one page: fills `output` from its start and returns how many bytes it wrote. Throws `DumpError`
 * (`bad-format`) when the input is damaged or holds more than `output` has room for; never reads or writes
 * outside of the two.
 */
export type Decompress = (input: Uint8Array, output: Uint8Array) => number;

/** A decompressor for each way in which the pages of a dump can be compressed. */
export interface Codecs {
  /** zlib streams (RFC 1950). */
  readonly zlib: Decompress;
  /** LZO1X blocks. */
  readonly lzo: Decompress;
  /** Raw snappy blocks. */
  readonly snappy: Decompress;
  /** Zstandard frames (RFC 8878). */
  readonly zstd: Decompress;
}
