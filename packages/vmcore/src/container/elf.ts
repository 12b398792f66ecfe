import { type ByteSource, copyOf } from '../bytes/byte_source.ts';
import { slice, u8, u16, u32, u64 } from '../bytes/cursor.ts';
import { DumpError } from '../bytes/errors.ts';
import { asciiText } from '../bytes/text.ts';
import type { Container, ContainerOptions } from './container.ts';
import { ElfMemory, type Segment } from './elf_memory.ts';
import { type Note, parseNotes } from './notes.ts';

/**
 * The ELF64 core files that hold a whole machine: `/proc/vmcore`, makedumpfile's `-E`, and QEMU's and
 * libvirt's `dump-guest-memory` with and without paging. Layouts: System V gABI, `Elf64_Ehdr` and `Elf64_Phdr`.
 */

const HEADER_SIZE = 64;
const PROGRAM_HEADER_SIZE = 56;
const SECTION_HEADER_SIZE = 64;
const ET_CORE = 4;
const PT_LOAD = 1;
const PT_NOTE = 4;
/** `e_phnum` of a file whose real count stands in the first section header's `sh_info`. */
const PN_XNUM = 0xffff;
const MACHINES = new Map([
  [62, 'x86_64'],
  [183, 'aarch64'],
]);
const CHUNK_HEADERS = 1024;
const MOST_SEGMENTS = 1 << 20;
const MOST_PROBLEMS = 20;
const MOST_NOTE_BYTES = 16 << 20;

/** The first bytes of every ELF file. */
export function isElf(head: Uint8Array): boolean {
  return head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46;
}

/**
 * Opens an ELF core of a machine. Throws `not-a-dump` for other ELF files, `unsupported` for 32-bit and
 * big-endian ones, `bad-format` and `out-of-bounds` for headers that cannot be.
 */
export function openElf(source: ByteSource, options: ContainerOptions = {}): Container {
  const header = copyOf(source.read(0, Math.min(HEADER_SIZE, source.size)));
  const machine = checkHeader(header);
  const problems: string[] = [];
  const segments: Segment[] = [];
  const notes: Note[] = [];
  let noteBytes = 0;
  let index = 0;
  for (const programHeader of programHeaders(source, header)) {
    const type = u32(programHeader, 0);
    try {
      if (type === PT_LOAD) segments.push(loadSegment(programHeader));
      else if (type === PT_NOTE) {
        noteBytes += u64(programHeader, 32);
        for (const note of readNotes(source, programHeader, noteBytes)) notes.push(note);
      }
    } catch (error) {
      if (!(error instanceof DumpError) || error.code === 'io') throw error;
      // A file of nothing but wrong headers needs no sentence for each.
      if (problems.length < MOST_PROBLEMS) {
        problems.push(`Program header ${index} of the ELF core: ${error.message}`);
      }
    }
    index++;
  }
  const vmcoreinfo = notes.find((note) => note.name === 'VMCOREINFO')?.bytes;
  const memory = new ElfMemory(source, segments, pageSizeOf(vmcoreinfo), options.cachePages ?? 2048);
  if (memory.cutOffBytes > 0) {
    problems.push(`The file ends early: 0x${memory.cutOffBytes.toString(16)} bytes of memory are missing`);
  }
  if (memory.repeatedBytes > 0) {
    problems.push(
      `Segments name more than the file has: 0x${memory.repeatedBytes.toString(16)} bytes of memory are left out`,
    );
  }
  return {
    format: 'elf',
    machine,
    memory,
    notes,
    vmcoreinfo,
    compression: undefined,
    dumpLevel: undefined,
    incomplete: false,
    problems,
  };
}

function checkHeader(header: Uint8Array): string {
  if (!isElf(header)) throw new DumpError('not-a-dump', 'The file does not start as an ELF file does');
  if (header.length < HEADER_SIZE) {
    throw new DumpError('not-a-dump', `An ELF file of ${header.length} bytes ends inside its own header`);
  }
  if (u8(header, 4) !== 2 || u8(header, 5) !== 1) {
    throw new DumpError('unsupported', 'Only 64-bit little-endian ELF cores are read');
  }
  const type = u16(header, 16);
  if (type !== ET_CORE) {
    throw new DumpError('not-a-dump', `An ELF file of type ${type} (a program or library), not a core`);
  }
  const machine = MACHINES.get(u16(header, 18));
  if (machine === undefined) {
    throw new DumpError(
      'unsupported',
      `An ELF core of machine ${u16(header, 18)}; x86_64 is 62, aarch64 183`,
    );
  }
  if (u16(header, 54) !== PROGRAM_HEADER_SIZE) {
    throw new DumpError('bad-format', `Program headers of ${u16(header, 54)} bytes; ELF64 has 56`);
  }
  return machine;
}

/** Every program header, read a thousand at a time. */
function* programHeaders(source: ByteSource, header: Uint8Array): Generator<Uint8Array> {
  const count = programHeaderCount(source, header);
  const start = u64(header, 32);
  for (let at = 0; at < count; at += CHUNK_HEADERS) {
    const headers = Math.min(CHUNK_HEADERS, count - at);
    const chunk = copyOf(source.read(start + at * PROGRAM_HEADER_SIZE, headers * PROGRAM_HEADER_SIZE));
    for (let n = 0; n < headers; n++) yield slice(chunk, n * PROGRAM_HEADER_SIZE, PROGRAM_HEADER_SIZE);
  }
}

function programHeaderCount(source: ByteSource, header: Uint8Array): number {
  let count = u16(header, 56);
  if (count === PN_XNUM) count = u32(source.read(u64(header, 40), SECTION_HEADER_SIZE), 44);
  const start = u64(header, 32);
  const room = Math.floor((source.size - start) / PROGRAM_HEADER_SIZE);
  if (count > room) {
    throw new DumpError(
      'out-of-bounds',
      `The ELF core has ${count} program headers at 0x${start.toString(16)}, but the file ends at 0x${source.size.toString(16)}`,
      { count, start, size: source.size },
    );
  }
  if (count > MOST_SEGMENTS) {
    throw new DumpError(
      'unsupported',
      `The ELF core has ${count} program headers; at most ${MOST_SEGMENTS} are read`,
    );
  }
  return count;
}

function loadSegment(raw: Uint8Array): Segment {
  const fileBytes = u64(raw, 32);
  return {
    // QEMU gives a mapping without RAM the offset -1 and no bytes.
    offset: fileBytes === 0 ? 0 : u64(raw, 8),
    address: u64(raw, 24),
    fileBytes,
    memoryBytes: Math.max(fileBytes, u64(raw, 40)),
  };
}

function readNotes(source: ByteSource, raw: Uint8Array, bytesSoFar: number): Iterable<Note> {
  const offset = u64(raw, 8);
  const length = u64(raw, 32);
  if (bytesSoFar > MOST_NOTE_BYTES) {
    throw new DumpError(
      'bad-format',
      `Notes of 0x${length.toString(16)} bytes; at most 0x${MOST_NOTE_BYTES.toString(16)} are read`,
    );
  }
  return parseNotes(copyOf(source.read(offset, length)));
}

/** `PAGESIZE` of a VMCOREINFO text; 4096 where it says nothing sensible. */
export function pageSizeOf(vmcoreinfo: Uint8Array | undefined): number {
  const match = vmcoreinfo && /^PAGESIZE=(4096|16384|65536)$/m.exec(asciiText(vmcoreinfo));
  return match ? Number(match[1]) : 4096;
}
