import { concat } from './layout_writer.ts';

/** A write of a flattened dump. */
export interface FlatWrite {
  offset: number;
  bytes: Uint8Array;
}

function bigEndian(first: bigint, second: bigint): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, first);
  view.setBigInt64(8, second);
  return bytes;
}

/** A flattened dump: its header block, the writes, and the end mark. */
export function flattenedFile(writes: readonly FlatWrite[], { endMark = true } = {}): Uint8Array {
  const head = new Uint8Array(4096);
  head.set(new TextEncoder().encode('makedumpfile'));
  head.set(bigEndian(1n, 1n), 16);
  const records = writes.flatMap(({ offset, bytes }) => [
    bigEndian(BigInt(offset), BigInt(bytes.length)),
    bytes,
  ]);
  return concat(head, ...records, ...(endMark ? [bigEndian(-1n, -1n)] : []));
}
