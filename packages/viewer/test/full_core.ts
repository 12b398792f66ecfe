import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { FileSource } from '@kcrash/vmcore/bytes/file_source.node';
import { nodePlatform } from '@kcrash/vmcore/compiled/platform.node';
import { openContainer } from '@kcrash/vmcore/container/open';
import { noteBytes } from '../../vmcore/test/elf_writer.ts';

const HEADER_BYTES = 64;
const PROGRAM_BYTES = 56;
const PAGE = 4096;

/**
 * Writes the whole memory of a dump's machine as an ELF core, as large as the machine's memory is: pages that the dump
 * lacks are holes of the file, and read as zeros. Returns its size in bytes.
 */
export function writeFullCore(dump: string, to: string): number {
  const { memory, notes, vmcoreinfo } = openContainer(new FileSource(dump), nodePlatform);
  const kept = notes.filter(({ name }) => name !== 'VMCOREINFO');
  const own = vmcoreinfo === undefined ? [] : [{ name: 'VMCOREINFO', type: 0, bytes: vmcoreinfo }];
  const note = noteBytes([...kept, ...own]);
  const start = Math.ceil((HEADER_BYTES + 2 * PROGRAM_BYTES + note.length) / PAGE) * PAGE;
  const bytes = memory.frameLimit * PAGE;
  const head = Buffer.alloc(HEADER_BYTES + 2 * PROGRAM_BYTES);
  head.write('\x7fELF\x02\x01\x01', 0, 'latin1');
  head.writeUInt16LE(4, 16); // ET_CORE
  head.writeUInt16LE(62, 18); // EM_X86_64
  head.writeUInt32LE(1, 20);
  head.writeBigUInt64LE(BigInt(HEADER_BYTES), 32);
  head.writeUInt16LE(HEADER_BYTES, 52);
  head.writeUInt16LE(PROGRAM_BYTES, 54);
  head.writeUInt16LE(2, 56);
  program(head, HEADER_BYTES, 4, head.length, note.length);
  program(head, HEADER_BYTES + PROGRAM_BYTES, 1, start, bytes);
  const file = openSync(to, 'w');
  writeSync(file, head, 0, head.length, 0);
  writeSync(file, note, 0, note.length, head.length);
  ftruncateSync(file, start + bytes);
  for (let frame = memory.nextHeld(0); frame < memory.frameLimit; frame = memory.nextHeld(frame + 1)) {
    const page = memory.page(frame);
    if (typeof page !== 'string') writeSync(file, page, 0, PAGE, start + frame * PAGE);
  }
  closeSync(file);
  return start + bytes;
}

/** A program header: `PT_NOTE` (4), or `PT_LOAD` (1) from physical address 0. */
function program(head: Buffer, at: number, type: number, offset: number, size: number): void {
  head.writeUInt32LE(type, at);
  head.writeBigUInt64LE(BigInt(offset), at + 8);
  head.writeBigUInt64LE(BigInt(size), at + 32);
  head.writeBigUInt64LE(BigInt(size), at + 40);
}
