import { type OpenFile, type Port, PortError } from './port.ts';
import { readWord } from './proc.ts';
import { latin1 } from './text.ts';

/** Where distributions put the kernel that is running, EVE's place first. */
function candidates(release: string): string[] {
  return [
    '/boot/kernel',
    `/boot/vmlinuz-${release}`,
    `/usr/lib/modules/${release}/vmlinuz`,
    `/lib/modules/${release}/vmlinuz`,
    `/boot/kernel-${release}`,
    `/boot/vmlinux-${release}`,
    `/boot/Image-${release}`,
  ];
}

/** A kernel file to load for the capture. */
export interface KernelImage {
  readonly path: string;
  /** The release in the file's own header; null where the format tells none. */
  readonly release: string | null;
}

/**
 * The release a bzImage says it is, as `uname -r` prints it; null for other formats. Source: the kernel's
 * Documentation/arch/x86/boot.rst (`HdrS` at 0x202, `kernel_version` at 0x20e, relative to 0x200).
 */
export function bzImageRelease(port: Port, path: string): string | null {
  let file: OpenFile | null = null;
  try {
    file = port.open(path);
    if (file.size < 0x1000) return null;
    const header = file.read(0x200, 0x10);
    if (latin1(header.subarray(2, 6)) !== 'HdrS') return null;
    const at = ((header[0xe] ?? 0) | ((header[0xf] ?? 0) << 8)) + 0x200;
    const text = latin1(file.read(at, Math.min(256, file.size - at)));
    return /^[^\s\0]+/.exec(text)?.[0] ?? null;
  } finally {
    file?.close();
  }
}

/** What the search for the kernel came to. */
export type FoundKernel =
  | { readonly found: true; readonly kernel: KernelImage; readonly warning: string | null }
  | { readonly found: false; readonly why: string };

/**
 * Finds the file of the running kernel: the one asked for, or the first candidate whose own release is the
 * running one. A file of another release is taken only where nothing better is there, and with a warning: a
 * dump by another kernel beats none.
 */
export function findKernel(port: Port, asked: string): FoundKernel {
  const release = readWord(port, '/proc/sys/kernel/osrelease') ?? '';
  const paths = asked === '' ? candidates(release) : [asked];
  const there: KernelImage[] = [];
  const unreadable: string[] = [];
  for (const path of paths) {
    if (!port.exists(path)) continue;
    try {
      const kernel = { path, release: bzImageRelease(port, path) };
      if (kernel.release === null || kernel.release === release)
        return { found: true, kernel, warning: null };
      there.push(kernel);
    } catch (error) {
      if (!(error instanceof PortError)) throw error;
      unreadable.push(error.message);
    }
  }
  const kernel = there[0];
  if (kernel !== undefined) {
    return {
      found: true,
      kernel,
      warning: `${kernel.path} is ${kernel.release}, the running kernel is ${release}`,
    };
  }
  const tried = [...unreadable, `looked for ${paths.join(', ')}`].join('; ');
  return { found: false, why: `no kernel file for the running release ${release}: ${tried}` };
}
