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
  /** Fills `target` with the bytes from `offset` on; throws as `read` does. For platforms that copy nothing to do so. */
  readInto?(offset: number, target: Uint8Array): void;
}

/** Fills `target` with the bytes of a source from `offset` on. */
export function readInto(source: ByteSource, offset: number, target: Uint8Array): void {
  if (source.readInto === undefined) target.set(source.read(offset, target.length));
  else source.readInto(offset, target);
}

/** Bytes of one's own in place of lent ones. (`slice` will not do: that of Node's `Buffer` lends as well.) */
export function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
