import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** What a kernel with debug info says it is. */
export interface VmlinuxIdentity {
  /** As `uname -r` prints it. */
  readonly release: string;
  /** In hexadecimal; null for a kernel linked without one. */
  readonly buildId: string | null;
}

const ELF_HEADER_BYTES = 64;
const SECTION_HEADER_BYTES = 64;
const MOST_SECTIONS = 65_536;
const SHT_NOTE = 7;
const SHT_NOBITS = 8;
const NT_GNU_BUILD_ID = 3;
const BANNER = Buffer.from('Linux version ');
const CHUNK_BYTES = 1 << 20;

interface Section {
  readonly name: string;
  readonly type: number;
  readonly offset: number;
  readonly size: number;
}

/**
 * Reads the identity of a vmlinux: its release from `linux_banner` in `.rodata`, its build-id from the GNU
 * note. Null where the file is no 64-bit little-endian ELF file or holds no banner. Layouts: System V gABI.
 */
export function identifyVmlinux(path: string): VmlinuxIdentity | null {
  const fd = openSync(path, 'r');
  try {
    const sections = readSections(fd);
    const rodata = sections?.find((section) => section.name === '.rodata' && section.type !== SHT_NOBITS);
    if (sections === null || rodata === undefined) return null;
    const release = findBanner(fd, rodata);
    return release === null ? null : { release, buildId: findBuildId(fd, sections) };
  } finally {
    closeSync(fd);
  }
}

function readAt(fd: number, offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(fd, bytes, 0, length, offset));
}

function readSections(fd: number): Section[] | null {
  const header = readAt(fd, 0, ELF_HEADER_BYTES);
  if (header.length < ELF_HEADER_BYTES || header.toString('latin1', 0, 6) !== '\x7fELF\x02\x01') return null;
  const start = Number(header.readBigUInt64LE(40));
  const count = header.readUInt16LE(60);
  const { size } = fstatSync(fd);
  if (count > MOST_SECTIONS || start + count * SECTION_HEADER_BYTES > size) return null;
  const table = readAt(fd, start, count * SECTION_HEADER_BYTES);
  const row = (index: number) => {
    const at = index * SECTION_HEADER_BYTES;
    return {
      nameAt: table.readUInt32LE(at),
      type: table.readUInt32LE(at + 4),
      offset: Number(table.readBigUInt64LE(at + 24)),
      size: Number(table.readBigUInt64LE(at + 32)),
    };
  };
  const namesIndex = header.readUInt16LE(62);
  if (namesIndex >= count) return null;
  const rows = Array.from({ length: count }, (_, index) => row(index));
  const names = rows[namesIndex];
  if (names === undefined || names.size > CHUNK_BYTES || names.offset + names.size > size) return null;
  const text = readAt(fd, names.offset, names.size);
  return rows
    .filter(({ type, offset, size: length }) => type === SHT_NOBITS || offset + length <= size)
    .map((it) => ({ ...it, name: /^[^\0]*/.exec(text.toString('latin1', it.nameAt))?.[0] ?? '' }));
}

function findBanner(fd: number, section: Section): string | null {
  const overlap = 256;
  for (let at = 0; at < section.size; at += CHUNK_BYTES) {
    const chunk = readAt(fd, section.offset + at, Math.min(CHUNK_BYTES + overlap, section.size - at));
    for (let found = chunk.indexOf(BANNER); found >= 0; found = chunk.indexOf(BANNER, found + 1)) {
      const release = /^(\d\S*) \(/.exec(
        chunk.toString('latin1', found + BANNER.length, found + overlap),
      )?.[1];
      if (release !== undefined) return release;
    }
  }
  return null;
}

function findBuildId(fd: number, sections: readonly Section[]): string | null {
  for (const section of sections) {
    if (section.type !== SHT_NOTE || section.size > CHUNK_BYTES) continue;
    const notes = readAt(fd, section.offset, section.size);
    for (let at = 0; at + 12 <= notes.length; ) {
      const nameSize = notes.readUInt32LE(at);
      const size = notes.readUInt32LE(at + 4);
      const bytes = at + 12 + Math.ceil(nameSize / 4) * 4;
      const isGnu = notes.toString('latin1', at + 12, at + 12 + nameSize) === 'GNU\0';
      if (isGnu && notes.readUInt32LE(at + 8) === NT_GNU_BUILD_ID)
        return notes.toString('hex', bytes, bytes + size);
      at = bytes + Math.ceil(size / 4) * 4;
    }
  }
  return null;
}
