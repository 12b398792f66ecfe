import type { ByteSource } from '@kcrash/vmcore/bytes/byte_source';

/** How kinds of files begin, and what to say of one that was taken for a dump. */
const BEGINNINGS: readonly {
  readonly bytes: readonly number[];
  readonly at?: number;
  readonly says: string;
}[] = [
  { bytes: [0x1f, 0x8b], says: 'This is a gzip file. Unpack it (gunzip) and open what is inside.' },
  {
    bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0],
    says: 'This is an xz file. Unpack it (unxz) and open what is inside.',
  },
  {
    bytes: [0x28, 0xb5, 0x2f, 0xfd],
    says: 'This is a zstd file. Unpack it (unzstd) and open what is inside.',
  },
  { bytes: [0x42, 0x5a, 0x68], says: 'This is a bzip2 file. Unpack it (bunzip2) and open what is inside.' },
  { bytes: [0x50, 0x4b, 3, 4], says: 'This is a zip file. Unpack it and open the dump inside.' },
  {
    bytes: [0x75, 0x73, 0x74, 0x61, 0x72],
    at: 257,
    says: 'This is a tar archive. Unpack it (tar -x) and open the dump inside.',
  },
  {
    bytes: [0x51, 0x46, 0x49, 0xfb],
    says: 'This is a disk image of a virtual machine (qcow2), not its memory.',
  },
  {
    bytes: [0x48, 0x64, 0x72, 0x53],
    at: 0x202,
    says: 'This is a compressed kernel (bzImage), not the memory of one that crashed.',
  },
  {
    bytes: [0x21, 0x3c, 0x61, 0x72, 0x63, 0x68, 0x3e],
    says: 'This is a package or library (ar), not a dump.',
  },
];

/** `e_type` of ELF files; a core's is 4. */
const ELF_TYPES: Readonly<Record<number, string>> = {
  1: 'This is an ELF object file, such as a kernel module (.ko), not a dump.',
  2: 'This is an ELF program, such as a vmlinux. Open the dump itself; it needs no vmlinux.',
  3: 'This is an ELF program or shared library, not a dump.',
  4: 'This is an ELF core, but not one of a kernel: most likely of a single program that crashed (gdb reads it).',
};

/** One sentence or two on what a file is that is no dump; undefined where that is not known. */
export function whatItIs(source: ByteSource): string | undefined {
  if (source.size === 0) return 'The file is empty. The device may have had no room left for the dump.';
  const head = source.read(0, Math.min(source.size, 4096));
  if (startsWith(head, [0x7f, 0x45, 0x4c, 0x46])) return ELF_TYPES[(head[16] ?? 0) | ((head[17] ?? 0) << 8)];
  if (text(head, 0, 8) === 'KDUMP   ' || text(head, 0, 12) === 'makedumpfile') {
    return 'It begins as a dump does: it may have been cut off or damaged on its way. Compare its size with the original’s.';
  }
  const found = BEGINNINGS.find(({ bytes, at = 0 }) => startsWith(head.subarray(at), bytes));
  if (found !== undefined) return found.says;
  if (head.every((byte) => byte === 0))
    return 'The file begins with zeros alone: it may be a hole where a dump should be.';
  if (head.every((byte) => byte >= 0x20 || byte === 9 || byte === 10 || byte === 13 || byte === 27)) {
    return 'This is text, such as a log. `kcrash title FILE` names the crash in a plain log.';
  }
  return undefined;
}

function startsWith(bytes: Uint8Array, wanted: readonly number[]): boolean {
  return wanted.every((byte, n) => bytes[n] === byte);
}

function text(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}
