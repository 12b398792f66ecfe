import { type ByteSource, copyOf } from '../bytes/byte_source.ts';
import { DumpError } from '../bytes/errors.ts';
import { asciiText, utf8Text } from '../bytes/text.ts';
import type { Container, ContainerOptions } from './container.ts';
import { isElf, openElf } from './elf.ts';
import { isFlattened, openFlattened } from './flattened.ts';
import { openKdump } from './kdump.ts';
import { isKdump } from './kdump_header.ts';

const HEAD_BYTES = 4096;

/**
 * Opens a dump, whatever its format: an ELF core, a kdump-compressed file or all files of a split set, any of
 * them flattened. Throws `not-a-dump` with what the file is instead, where that can be told.
 */
export function openContainer(
  sources: ByteSource | readonly ByteSource[],
  options: ContainerOptions = {},
): Container {
  const given = 'read' in sources ? [sources] : sources;
  const problems: string[] = [];
  const files = given.map((source) => {
    if (!isFlattened(headOf(source))) return source;
    const flattened = openFlattened(source);
    if (flattened.problem !== undefined) problems.push(flattened.problem);
    return flattened.source;
  });
  const [first] = files;
  if (first === undefined) throw new DumpError('not-a-dump', 'No file was given');
  for (const file of files) checkKind(headOf(file), file.size);
  if (files.length > 1 && !files.every((file) => isKdump(headOf(file)))) {
    throw new DumpError(
      'not-a-dump',
      'Only the files of a split kdump-compressed dump can be opened together',
    );
  }
  const container = isElf(headOf(first)) ? openElf(first, options) : openKdump(files, options);
  return { ...container, problems: [...problems, ...container.problems] };
}

function headOf(source: ByteSource): Uint8Array {
  return copyOf(source.read(0, Math.min(HEAD_BYTES, source.size)));
}

function checkKind(head: Uint8Array, size: number): void {
  if (isElf(head) || isKdump(head)) return;
  throw new DumpError('not-a-dump', `Not a crash dump but ${describe(head, size)}`, { size });
}

/** Other files that people take for a dump, by their first bytes. */
const KINDS: readonly (readonly [signature: string, name: string])[] = [
  ['\x1f\x8b', 'a gzip-compressed file: decompress it first'],
  ['\x28\xb5\x2f\xfd', 'a zstd-compressed file: decompress it first'],
  ['\xfd7zXZ\0', 'an xz-compressed file: decompress it first'],
  ['BZh', 'a bzip2-compressed file: decompress it first'],
  ['PK\x03\x04', 'a zip archive: unpack it first'],
  ['DISKDUMP', 'a file of the old diskdump format, which is not read'],
  ['\xca\xfe\xba\xbe', 'a Mach-O or Java file'],
  ['MZ', 'a Windows or EFI program (a kernel image, perhaps)'],
  ['PAGEDUMP', 'a Windows crash dump (32-bit)'],
  ['PAGEDU64', 'a Windows crash dump'],
  ['QEVM', 'a QEMU saved machine state, not a memory dump'],
  ['LibvirtQemudSave', 'a libvirt saved machine state, not a memory dump'],
  ['#!', 'a script'],
];

function describe(head: Uint8Array, size: number): string {
  if (size === 0) return 'an empty file';
  const text = asciiText(head);
  const kind = KINDS.find(([signature]) => text.startsWith(signature));
  if (kind !== undefined) return kind[1];
  if (text.slice(257, 262) === 'ustar') return 'a tar archive: unpack it first';
  if (head.every((byte) => byte === 0)) return `a file that starts with ${head.length} zero bytes`;
  if (size < 8) return `a file of ${size} bytes, too short for any dump`;
  const isText =
    head.every(
      (byte) => (byte >= 0x20 && byte !== 0x7f) || (byte >= 0x09 && byte <= 0x0d) || byte === 0x1b,
    ) && !utf8Text(head.subarray(0, -4)).includes('\ufffd');
  if (isText) return 'a text file';
  return `a file of an unknown kind that starts with ${[...head.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')}`;
}
