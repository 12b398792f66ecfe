import { parseAddress, placeOf } from '@kcrash/report/explore/symbol_table';
import { addTo, hexAddress, type VirtualAddress } from '@kcrash/vmcore/bytes/address';
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import type { Dump } from '@kcrash/vmcore/dump';
import { readPhysical } from '@kcrash/vmcore/physical_memory';
import type { MemoryAnswer, MemoryPiece } from '../protocol.ts';

const MOST_BYTES = 16 * 1024;
const PHYSICAL = /^physical:0x([\da-f]{1,13})$/i;

/** Memory at an address, a piece for each page. Throws `QuestionError` for what is no address. */
export function memoryAt(dump: Dump, text: string, length: number): MemoryAnswer {
  const wanted = Math.max(1, Math.min(length, MOST_BYTES));
  const physical = PHYSICAL.exec(text)?.[1];
  if (physical !== undefined) return physicalAt(dump, Number.parseInt(physical, 16), wanted);
  const address = parseAddress(dump, text);
  const { pageSize } = dump.physical;
  const pieces: MemoryPiece[] = [];
  for (let done = 0; done < wanted; ) {
    const at = addTo(address, done);
    const part = Math.min(pageSize - (Number(at & 0xffff_ffffn) % pageSize), wanted - done);
    pieces.push(piece(dump, at, part));
    done += part;
  }
  return { address: hexAddress(address), symbol: placeOf(dump, address) ?? null, pieces };
}

function piece(dump: Dump, at: VirtualAddress, length: number): MemoryPiece {
  return {
    start: hexAddress(at),
    physical: dump.memory.translate(at) ?? null,
    ...bytesOrReason(() => dump.memory.read(at, length)),
    length,
  };
}

function physicalAt(dump: Dump, address: number, wanted: number): MemoryAnswer {
  const { pageSize } = dump.physical;
  const pieces: MemoryPiece[] = [];
  for (let done = 0; done < wanted; ) {
    const at = address + done;
    const length = Math.min(pageSize - (at % pageSize), wanted - done);
    const read = bytesOrReason(() => readPhysical(dump.physical, at, length));
    pieces.push({ start: hexAddress(BigInt(at)), physical: at, ...read, length });
    done += length;
  }
  return { address: hexAddress(BigInt(address)), symbol: null, pieces };
}

function bytesOrReason(read: () => Uint8Array): Pick<MemoryPiece, 'bytes' | 'reason'> {
  try {
    let bytes = '';
    for (const byte of read()) bytes += byte.toString(16).padStart(2, '0');
    return { bytes, reason: null };
  } catch (error) {
    if (!(error instanceof DumpError)) throw error;
    return { bytes: null, reason: error.message };
  }
}
