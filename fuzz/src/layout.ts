import { type ByteSource, copyOf } from '@kcrash/vmcore/bytes/byte_source';
import { u16, u32, u64 } from '@kcrash/vmcore/bytes/cursor';
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import { isElf } from '@kcrash/vmcore/container/elf';
import { isKdump, type KdumpHeader, readKdumpHeader } from '@kcrash/vmcore/container/kdump_header';

/** A stretch of a dump file with one meaning. */
export interface Region {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** What it is made of: each kind is damaged in its own way. */
  readonly kind: 'fields' | 'text' | 'bits' | 'payload';
}

/** A stretch of physical memory in an ELF core. */
interface Load {
  readonly address: number;
  readonly offset: number;
  readonly length: number;
}

/** Where things are in an undamaged dump file. */
export interface Layout {
  readonly format: 'elf' | 'kdump' | 'other';
  readonly regions: readonly Region[];
  readonly loads: readonly Load[];
  readonly kdump: KdumpHeader | undefined;
}

const PROGRAM_HEADER = 56;
const PT_LOAD = 1;

/** Finds the parts of a dump file by its headers. */
export function layoutOf(source: ByteSource): Layout {
  const head = copyOf(source.read(0, Math.min(4096, source.size)));
  if (isElf(head)) return elfLayout(source);
  if (isKdump(head)) return kdumpLayout(source);
  // Flattened: the headers of the first writes stand between what they write.
  return {
    format: 'other',
    regions: [
      region('header', 0, Math.min(32, source.size), 'fields'),
      region('writes', Math.min(4096, source.size), Math.min(0x10000, source.size), 'fields'),
      region('file', 0, source.size, 'payload'),
    ],
    loads: [],
    kdump: undefined,
  };
}

function elfLayout(source: ByteSource): Layout {
  const header = copyOf(source.read(0, 64));
  const start = u64(header, 32);
  const table = copyOf(source.read(start, u16(header, 56) * PROGRAM_HEADER));
  const regions = [
    region('ELF header', 0, 64, 'fields'),
    region('program headers', start, start + table.length, 'fields'),
  ];
  const loads: Load[] = [];
  for (let at = 0; at < table.length; at += PROGRAM_HEADER) {
    const offset = u64(table, at + 8);
    const length = u64(table, at + 32);
    if (u32(table, at) === PT_LOAD) {
      loads.push({ address: u64(table, at + 24), offset, length });
      regions.push(region('memory', offset, offset + length, 'payload'));
    } else {
      regions.push(region('notes', offset, offset + length, 'fields'));
      const text = vmcoreinfoIn(copyOf(source.read(offset, length)), offset);
      if (text !== undefined) regions.push(text);
    }
  }
  return { format: 'elf', regions: regions.filter(({ start, end }) => end > start), loads, kdump: undefined };
}

function kdumpLayout(source: ByteSource): Layout {
  const kdump = readKdumpHeader(source);
  const { bitmaps, blockSize, vmcoreinfo, notes } = kdump;
  const regions = [
    region('header', 0, 464, 'fields'),
    region('sub-header', blockSize, blockSize + 104, 'fields'),
  ];
  if (vmcoreinfo) {
    regions.push(region('VMCOREINFO', vmcoreinfo.offset, vmcoreinfo.offset + vmcoreinfo.length, 'text'));
  }
  if (notes) regions.push(region('notes', notes.offset, notes.offset + notes.length, 'fields'));
  const middle = bitmaps.offset + bitmaps.length / 2;
  const descriptors = bitmaps.offset + bitmaps.length;
  const payload = firstPayload(source, descriptors);
  regions.push(
    region('first bitmap', bitmaps.offset, middle, 'bits'),
    region('second bitmap', middle, descriptors, 'bits'),
    region('descriptors', descriptors, payload, 'fields'),
    region('pages', payload, source.size, 'payload'),
  );
  return { format: 'kdump', regions: regions.filter(({ start, end }) => end > start), loads: [], kdump };
}

/** Pages follow the descriptors: the first descriptor tells where those end. */
function firstPayload(source: ByteSource, descriptors: number): number {
  try {
    return Math.min(source.size, Math.max(descriptors, u64(source.read(descriptors, 8), 0)));
  } catch (error) {
    if (error instanceof DumpError) return descriptors;
    throw error;
  }
}

function vmcoreinfoIn(notes: Uint8Array, offset: number): Region | undefined {
  const mark = [...'OSRELEASE='].map((character) => character.charCodeAt(0));
  for (let at = 0; at + mark.length <= notes.length; at++) {
    if (!mark.every((code, n) => notes[at + n] === code)) continue;
    const end = notes.indexOf(0, at);
    return region('VMCOREINFO', offset + at, offset + (end < 0 ? notes.length : end), 'text');
  }
  return undefined;
}

function region(name: string, start: number, end: number, kind: Region['kind']): Region {
  return { name, start, end, kind };
}
