import { concat, Layout } from './layout_writer.ts';

/** A range of physical memory of an ELF core. */
export interface CoreSegment {
  address: number;
  bytes: Uint8Array;
  /** Length in the machine, when longer than the bytes. */
  memoryBytes?: number;
  virtual?: bigint;
  /** Offset in the file, when another than the bytes' own. */
  offset?: number;
}

/** An ELF note. */
export interface CoreNote {
  name: string;
  type: number;
  bytes: Uint8Array;
}

/** Notes one after the other, padded. */
export function noteBytes(notes: readonly CoreNote[]): Uint8Array {
  return concat(
    ...notes.map(({ name, type, bytes }) => {
      const nameLength = name.length + 1;
      const start = 12 + Math.ceil(nameLength / 4) * 4;
      return new Layout(start + Math.ceil(bytes.length / 4) * 4)
        .u32(0, nameLength)
        .u32(4, bytes.length)
        .u32(8, type)
        .text(12, name)
        .put(start, bytes).bytes;
    }),
  );
}

/** An ELF64 core of a machine: header, program headers, notes, memory. */
export function elfCore(segments: readonly CoreSegment[], notes: readonly CoreNote[] = []): Uint8Array {
  const noteSegment = noteBytes(notes);
  const headers = new Layout(64 + 56 * (segments.length + 1));
  headers
    .put(0, Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1))
    .u16(16, 4)
    .u16(18, 62)
    .u32(20, 1);
  headers
    .u64(32, 64)
    .u16(52, 64)
    .u16(54, 56)
    .u16(56, segments.length + 1);
  let offset = headers.bytes.length;
  headers
    .u32(64, 4)
    .u64(64 + 8, offset)
    .u64(64 + 32, noteSegment.length)
    .u64(64 + 40, noteSegment.length);
  offset += noteSegment.length;
  segments.forEach((segment, n) => {
    const at = 64 + 56 * (n + 1);
    headers
      .u32(at, 1)
      .u64(at + 8, segment.offset ?? offset)
      .u64(at + 16, segment.virtual ?? 0n);
    headers.u64(at + 24, segment.address).u64(at + 32, segment.bytes.length);
    headers.u64(at + 40, segment.memoryBytes ?? segment.bytes.length);
    offset += segment.bytes.length;
  });
  return concat(headers.bytes, noteSegment, ...segments.map((segment) => segment.bytes));
}
