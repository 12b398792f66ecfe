import { type Port, PortError } from './port.ts';
import { latin1 } from './text.ts';

/** What the head of a kdump-compressed file says of the file. */
export interface KdumpStatus {
  readonly codec: string;
  /** The writer ran out of room: not every page that should be there is. */
  readonly incomplete: boolean;
}

/** Bits of disk_dump_header.status (diskdump_mod.h of makedumpfile and crash document the format). */
const STATUS_BITS = { zlib: 0x1, lzo: 0x2, snappy: 0x4, incomplete: 0x8, zstd: 0x20 } as const;
const STATUS_OFFSET = 424;
const BLOCK_SIZE_OFFSET = 428;

/** Reads the head of a dump; null where there is no kdump-compressed file. */
export function readKdumpStatus(port: Port, path: string): KdumpStatus | null {
  try {
    const file = port.open(path);
    try {
      if (file.size < 4096) return null;
      const header = file.read(0, 432);
      if (latin1(header.subarray(0, 8)) !== 'KDUMP   ') return null;
      const word = (at: number) => new DataView(header.buffer, header.byteOffset).getUint32(at, true);
      const blockSize = word(BLOCK_SIZE_OFFSET);
      if (blockSize < 4096 || blockSize > 65_536) return null;
      const status = word(STATUS_OFFSET);
      const codec = (['zstd', 'lzo', 'zlib', 'snappy'] as const).find((name) => status & STATUS_BITS[name]);
      return { codec: codec ?? 'none', incomplete: (status & STATUS_BITS.incomplete) !== 0 };
    } finally {
      file.close();
    }
  } catch (error) {
    if (error instanceof PortError) return null;
    throw error;
  }
}
