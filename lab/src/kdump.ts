// Enough of the kdump-compressed format for an independent word on a dump: is it whole, whose is it.

export type DumpCodec = 'zlib' | 'lzo' | 'snappy' | 'zstd' | 'none';

export interface DumpFacts {
  readonly headerVersion: number;
  readonly release: string;
  readonly dumpLevel: number;
  readonly codec: DumpCodec;
  readonly incomplete: boolean;
  /** Pages whose data is in the file. */
  readonly pages: number;
  /** The text of the crashed kernel's VMCOREINFO note. */
  readonly vmcoreinfo: string;
}

const SIGNATURE = 'KDUMP   ';
const UTSNAME_FIELD = 65;
const UTSNAME_AT = 12;
const DESCRIPTOR_BYTES = 24;
/** `status` of the header: DUMP_DH_COMPRESSED_*. */
const CODECS: readonly [bit: number, codec: DumpCodec][] = [
  [0x1, 'zlib'],
  [0x2, 'lzo'],
  [0x4, 'snappy'],
  [0x20, 'zstd'],
];
const INCOMPLETE = 0x8;

/** Reads the headers of a dump and follows every page descriptor; throws where it is not whole. */
export function readDump(file: Buffer): DumpFacts {
  const signature = file.toString('latin1', 0, 8);
  if (signature !== SIGNATURE)
    throw new Error(`the dump begins with ${JSON.stringify(signature)}; wanted "${SIGNATURE}"`);
  const status = file.readUInt32LE(424);
  const blockSize = file.readUInt32LE(428);
  const subHeaderBlocks = file.readUInt32LE(432);
  const bitmapBlocks = file.readUInt32LE(436);
  const sub = blockSize;
  const noteOffset = Number(file.readBigUInt64LE(sub + 32));
  const noteSize = Number(file.readBigUInt64LE(sub + 40));
  const bitmapAt = (1 + subHeaderBlocks) * blockSize;
  const bitmap = file.subarray(
    bitmapAt + (bitmapBlocks * blockSize) / 2,
    bitmapAt + bitmapBlocks * blockSize,
  );
  const incomplete = (status & INCOMPLETE) !== 0;
  const at = bitmapAt + bitmapBlocks * blockSize;
  const pages = followDescriptors(file, { at, count: countBits(bitmap), blockSize, incomplete });
  return {
    headerVersion: file.readUInt32LE(8),
    release: file
      .toString('latin1', UTSNAME_AT + 2 * UTSNAME_FIELD, UTSNAME_AT + 3 * UTSNAME_FIELD)
      .replace(/\0.*/s, ''),
    dumpLevel: file.readInt32LE(sub + 8),
    codec: CODECS.find(([bit]) => (status & bit) !== 0)?.[1] ?? 'none',
    incomplete,
    pages,
    vmcoreinfo: file.toString('latin1', noteOffset, noteOffset + noteSize),
  };
}

interface Descriptors {
  readonly at: number;
  readonly count: number;
  readonly blockSize: number;
  /** A dump that was cut has empty descriptors for the pages that it lacks. */
  readonly incomplete: boolean;
}

/** Returns how many pages have data in the file. */
function followDescriptors(file: Buffer, { at, count, blockSize, incomplete }: Descriptors): number {
  const end = at + count * DESCRIPTOR_BYTES;
  if (end > file.length) {
    throw new Error(`descriptors of ${count} pages end at ${end}; the file ends at ${file.length}`);
  }
  let pages = 0;
  for (let index = 0; index < count; index += 1) {
    const descriptor = at + index * DESCRIPTOR_BYTES;
    const offset = Number(file.readBigInt64LE(descriptor));
    const size = file.readUInt32LE(descriptor + 8);
    if (incomplete && offset === 0 && size === 0) continue;
    if (size === 0 || size > blockSize || offset < at || offset + size > file.length) {
      const range = `[${offset}, ${offset + size})`;
      throw new Error(`page descriptor ${index} points at ${range}; the file ends at ${file.length}`);
    }
    pages += 1;
  }
  return pages;
}

function countBits(bytes: Buffer): number {
  let count = 0;
  for (const byte of bytes) for (let rest = byte; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}

/** A value of VMCOREINFO, such as that of `OSRELEASE`. */
export function vmcoreinfoValue(vmcoreinfo: string, name: string): string | undefined {
  return new RegExp(`^${name}=(.*)$`, 'm').exec(vmcoreinfo)?.[1];
}
