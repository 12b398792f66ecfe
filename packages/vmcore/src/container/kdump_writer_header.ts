import { utf8Bytes } from '../bytes/text.ts';
import type { PackCodec } from '../codecs/page_packer.ts';
import type { FileRange } from './kdump_header.ts';
import { COMPRESSED, STATUS_INCOMPLETE } from './kdump_header.ts';
import type { Note } from './notes.ts';

/** Names of the crashed machine, as `struct new_utsname` has them. */
export interface DumpNames {
  readonly sysname: string;
  readonly nodename: string;
  readonly release: string;
  readonly version: string;
  readonly machine: string;
  readonly domainname: string;
}

/** What the two headers of a kdump-compressed file of version 6 say. */
export interface HeaderFields {
  readonly names: DumpNames;
  /** Seconds since the epoch. */
  readonly timestamp: number;
  readonly codec: PackCodec;
  readonly incomplete: boolean;
  readonly blockSize: number;
  readonly subHeaderBlocks: number;
  /** Of both bitmaps. */
  readonly bitmapBlocks: number;
  /** One past the highest frame of the machine. */
  readonly frames: number;
  /** Pages that the file holds. */
  readonly pages: number;
  readonly cpus: number;
  /** Where the kernel lies in physical memory, signed. */
  readonly physicalBase: bigint;
  /** makedumpfile's `-d`. */
  readonly dumpLevel: number;
  readonly notes: FileRange;
  readonly vmcoreinfo: FileRange;
}

const UTSNAME_FIELD = 65;
const MOST_32 = 0xffff_ffff;

/** `struct disk_dump_header` and `struct kdump_sub_header`, in a block each. */
export function headerBlocks(fields: HeaderFields): Uint8Array {
  const bytes = new Uint8Array(2 * fields.blockSize);
  const view = new DataView(bytes.buffer);
  const u32 = (at: number, value: number) => view.setUint32(at, value, true);
  const u64 = (at: number, value: number) => view.setBigUint64(at, BigInt(value), true);
  const { names } = fields;
  bytes.set(utf8Bytes('KDUMP   '), 0);
  u32(8, 6);
  const texts = [
    names.sysname,
    names.nodename,
    names.release,
    names.version,
    names.machine,
    names.domainname,
  ];
  for (const [n, text] of texts.entries()) {
    bytes.set(utf8Bytes(text).subarray(0, UTSNAME_FIELD - 1), 12 + n * UTSNAME_FIELD);
  }
  u64(408, fields.timestamp);
  const compression = fields.codec === 'none' ? 0 : COMPRESSED[fields.codec];
  u32(424, compression | (fields.incomplete ? STATUS_INCOMPLETE : 0));
  u32(428, fields.blockSize);
  u32(432, fields.subHeaderBlocks);
  u32(436, fields.bitmapBlocks);
  // Version 6 has it in 64 bits below; this one is for readers of older versions.
  u32(440, Math.min(fields.frames, MOST_32));
  u32(444, Math.min(fields.frames, MOST_32));
  u32(452, Math.min(fields.pages, MOST_32));
  u32(460, fields.cpus);
  const sub = fields.blockSize;
  view.setBigInt64(sub, fields.physicalBase, true);
  u32(sub + 8, fields.dumpLevel);
  u64(sub + 32, fields.vmcoreinfo.offset);
  u64(sub + 40, fields.vmcoreinfo.length);
  u64(sub + 48, fields.notes.offset);
  u64(sub + 56, fields.notes.length);
  // At 64 and 72: no eraseinfo. At 80 and 88: the frames of a split dump's part.
  u64(sub + 96, fields.frames);
  return bytes;
}

/** A note segment, each name and descriptor padded to four bytes; and where in it the descriptors are. */
export function noteSegment(notes: readonly Note[]): { bytes: Uint8Array; descriptors: number[] } {
  const align = (length: number) => Math.ceil(length / 4) * 4;
  const named = notes.map((note) => ({ note, name: utf8Bytes(`${note.name}\0`) }));
  const descriptors: number[] = [];
  let length = 0;
  for (const { note, name } of named) {
    descriptors.push(length + 12 + align(name.length));
    length += 12 + align(name.length) + align(note.bytes.length);
  }
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  named.forEach(({ note, name }, n) => {
    const descriptor = descriptors[n] as number;
    const at = descriptor - align(name.length) - 12;
    view.setUint32(at, name.length, true);
    view.setUint32(at + 4, note.bytes.length, true);
    view.setUint32(at + 8, note.type, true);
    bytes.set(name, at + 12);
    bytes.set(note.bytes, descriptor);
  });
  return { bytes, descriptors };
}
