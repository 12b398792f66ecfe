import { mkdirSync, statfsSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cacheFolder } from '../../../scripts/cache.ts';
import { debPackage } from '../../../scripts/debian.ts';
import { cachedFile } from '../cached.ts';
import { exec } from '../exec.ts';

/** A kernel's `-dbg` package as it comes, and the vmlinux in it. */
const ROOM_BYTES = 1.2e9;

/**
 * The vmlinux of a Debian kernel with its debug info, from the kernel's `-dbg` package; unpacked once into the
 * cache, alone. Throws where the suite has another version of the package than the kernel's.
 */
export async function debugVmlinux(release: string, suite?: string, version?: string): Promise<string> {
  const folder = cacheFolder('lab', 'debug');
  needRoom(folder, ROOM_BYTES);
  const deb = debPackage(`linux-image-${release}-dbg`, suite === undefined ? {} : { suite });
  const [, found = ''] = decodeURIComponent(basename(deb)).split('_');
  if (version !== undefined && found !== version)
    throw new Error(`${basename(deb)} is of version ${found}; the kernel under test is ${version}`);
  const member = `./usr/lib/debug/boot/vmlinux-${release}`;
  return cachedFile(join(folder, `vmlinux-${release}_${found}`), async (temporary) => {
    // tar ends as soon as it has the member; that dpkg-deb then has no reader is no failure.
    const script = 'dpkg-deb --fsys-tarfile "$1" 2>/dev/null | tar -xO --occurrence=1 -f - "$2" >"$3"';
    await exec('sh', ['-c', script, 'sh', deb, member, temporary]);
  });
}

/** Throws where a folder's file system has less room. */
export function needRoom(folder: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < bytes)
    throw new Error(`${folder} has ${bavail * bsize} bytes free; wanted ${bytes} for debug info`);
}

/** Lays a vmlinux out as EVE does, `linux-debug-RELEASE/vmlinux`, by a link; returns the folder above. */
export function eveFolder(below: string, release: string, vmlinux: string): string {
  const folder = join(below, 'debug');
  mkdirSync(join(folder, `linux-debug-${release}`), { recursive: true });
  symlinkSync(vmlinux, join(folder, `linux-debug-${release}`, 'vmlinux'));
  return folder;
}

/** Makes EVE's `kernel-debug.tar` of such a folder. */
export async function eveTar(folder: string, below: string): Promise<string> {
  const file = join(below, 'kernel-debug.tar');
  await exec('tar', ['--dereference', '-cf', file, '-C', folder, '.']);
  return file;
}
