/**
 * Decompresses one page: fills `output` from its start and returns how many bytes it wrote. Throws `DumpError`
 * (`bad-format`) when the input is damaged or holds more than `output` has room for; never reads or writes
 * outside of the two.
 */
export type Decompress = (input: Uint8Array, output: Uint8Array) => number;

/**
 * What a platform can decompress beyond what the library does by itself (LZO and snappy). A dump that needs
 * one which is missing fails to open with `unsupported`.
 */
export interface Codecs {
  /** zlib streams (RFC 1950). */
  readonly zlib?: Decompress;
  /** Zstandard frames (RFC 8878). */
  readonly zstd?: Decompress;
}
