import type { Frame } from '../bytes/address.ts';
import { type ByteSource, copyOf } from '../bytes/byte_source.ts';
import { i32, slice, u32, u64 } from '../bytes/cursor.ts';
import { DumpError } from '../bytes/errors.ts';
import { asciiText, fieldText } from '../bytes/text.ts';

/**
 * The headers of a kdump-compressed file, versions 1 to 6, as makedumpfile and QEMU write them on 64-bit
 * machines: `struct disk_dump_header` in block 0, `struct kdump_sub_header` in block 1, two bitmaps, page
 * descriptors, pages. Described in makedumpfile's `IMPLEMENTATION`.
 */

/** Bytes of `disk_dump_header` that are read. */
export const HEADER_BYTES = 464;
/** Bytes of a version 6 `kdump_sub_header`. */
export const SUB_HEADER_BYTES = 104;
const SIGNATURE = 'KDUMP   ';
const UTSNAME_FIELD = 65;

/** Bits of `status`, and of a page descriptor's `flags`: how pages are compressed. */
export const COMPRESSED = { zlib: 0x1, lzo: 0x2, snappy: 0x4, zstd: 0x20 } as const;
/** The writer ran out of space: descriptors after some page are empty. */
export const STATUS_INCOMPLETE = 0x8;

/** A stretch of the file. */
export interface FileRange {
  readonly offset: number;
  readonly length: number;
}

/** What the headers of one kdump file say. */
export interface KdumpHeader {
  readonly version: number;
  /** `uname` of the crashed kernel as the writer of the dump knew it; QEMU leaves all but the machine empty. */
  readonly release: string;
  readonly machine: string;
  /** Seconds since the epoch when the dump was written, 0 in QEMU's. */
  readonly timestamp: number;
  readonly status: number;
  readonly isIncomplete: boolean;
  readonly blockSize: number;
  /** Where the kernel lies in physical memory, as the writer knew it: signed. */
  readonly physicalBase: bigint;
  /** makedumpfile's `-d`: 1 zero, 2 cache, 4 private cache, 8 user, 16 free pages left out; undefined before version 1. */
  readonly dumpLevel: number | undefined;
  /** Whether this file is one of a set, and which frames `[start, end)` it then holds. */
  readonly split: { readonly start: Frame; readonly end: Frame } | undefined;
  /** One past the highest frame of the machine. */
  readonly frames: Frame;
  readonly vmcoreinfo: FileRange | undefined;
  readonly notes: FileRange | undefined;
  /** Byte offset and length of both bitmaps together. */
  readonly bitmaps: FileRange;
}

/** The first bytes of a kdump-compressed file. */
export function isKdump(head: Uint8Array): boolean {
  return head.length >= 8 && asciiText(head.subarray(0, 8)) === SIGNATURE;
}

/** Reads the headers. Throws `not-a-dump`, `unsupported` for other versions and widths, `bad-format`. */
export function readKdumpHeader(source: ByteSource): KdumpHeader {
  const head = copyOf(source.read(0, Math.min(HEADER_BYTES, source.size)));
  if (!isKdump(head))
    throw new DumpError('not-a-dump', 'The file does not start as a kdump-compressed file does');
  if (head.length < HEADER_BYTES) {
    throw new DumpError(
      'not-a-dump',
      `A kdump-compressed file of ${head.length} bytes ends inside its own header`,
    );
  }
  const version = i32(head, 8);
  if (version < 1 || version > 6) {
    throw new DumpError('unsupported', `kdump-compressed format version ${version}; 1 to 6 are read`, {
      version,
    });
  }
  const blockSize = i32(head, 428);
  if (![4096, 16384, 65536].includes(blockSize)) {
    throw new DumpError('bad-format', `A kdump-compressed file with blocks of ${blockSize} bytes`, {
      blockSize,
    });
  }
  const subHeaderBlocks = i32(head, 432);
  const bitmapBlocks = u32(head, 436);
  if (subHeaderBlocks < 1 || (1 + subHeaderBlocks + bitmapBlocks) * blockSize > Number.MAX_SAFE_INTEGER) {
    throw new DumpError(
      'bad-format',
      `A kdump header with ${subHeaderBlocks} blocks of sub-header, ${bitmapBlocks} of bitmap`,
    );
  }
  const status = u32(head, 424);
  return {
    version,
    release: fieldText(slice(head, 12 + 2 * UTSNAME_FIELD, UTSNAME_FIELD)),
    machine: fieldText(slice(head, 12 + 4 * UTSNAME_FIELD, UTSNAME_FIELD)),
    timestamp: safe(head, 408) ?? 0,
    status,
    isIncomplete: (status & STATUS_INCOMPLETE) !== 0,
    blockSize,
    bitmaps: { offset: (1 + subHeaderBlocks) * blockSize, length: bitmapBlocks * blockSize },
    ...readSubHeader(source, version, blockSize, u32(head, 440)),
  };
}

function readSubHeader(source: ByteSource, version: number, blockSize: number, maxMapnr: number) {
  const sub = new Uint8Array(SUB_HEADER_BYTES);
  const room = Math.max(0, Math.min(SUB_HEADER_BYTES, source.size - blockSize));
  sub.set(source.read(Math.min(blockSize, source.size), room));
  // Members beyond the version of the file are whatever its writer left in the block.
  const isSplit = version >= 2 && i32(sub, 12) !== 0;
  return {
    physicalBase: BigInt.asIntN(64, BigInt(u32(sub, 4)) * 2n ** 32n + BigInt(u32(sub, 0))),
    dumpLevel: i32(sub, 8),
    split: isSplit ? splitRange(sub, version) : undefined,
    frames: version >= 6 ? u64(sub, 96) : maxMapnr,
    vmcoreinfo: version >= 3 ? fileRange(sub, 32) : undefined,
    notes: version >= 4 ? fileRange(sub, 48) : undefined,
  };
}

function splitRange(sub: Uint8Array, version: number): { start: Frame; end: Frame } {
  const at = version >= 6 ? 80 : 16;
  return { start: u64(sub, at), end: u64(sub, at + 8) };
}

function fileRange(sub: Uint8Array, at: number): FileRange | undefined {
  const offset = safe(sub, at);
  const length = safe(sub, at + 8);
  return offset && length ? { offset, length } : undefined;
}

/** A 64-bit value that means something only below 2^53. */
function safe(bytes: Uint8Array, at: number): number | undefined {
  return u32(bytes, at + 4) < 0x20_0000 ? u64(bytes, at) : undefined;
}
