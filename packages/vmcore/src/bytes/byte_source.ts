/**
 * Random access to the bytes of a dump. Every platform supplies one: a file under Node, `/proc/vmcore` on
 * the device, a slice of a `File` in a browser worker.
 */
export interface ByteSource {
  /** Length in bytes; reads end here. */
  readonly size: number;
  /**
   * Bytes `[offset, offset + length)`. The result may be a view that the next call overwrites: copy what you
   * keep. Throws `DumpError` (`out-of-bounds` or `io`) when the whole range cannot be had.
   */
  read(offset: number, length: number): Uint8Array;
}

/** Bytes of one's own in place of lent ones. (`slice` will not do: that of Node's `Buffer` lends as well.) */
export function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
