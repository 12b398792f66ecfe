import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readModules } from '@kcrash/vmcore/kernel/modules';
import { cacheFolder } from '../../../scripts/cache.ts';
import { debPackage } from '../../../scripts/debian.ts';
import { exec } from '../exec.ts';
import type { Kernel } from '../kernel.ts';
import { labModule } from '../module.ts';
import { withOurDump } from './our_dump.ts';

/** Names of the modules that a dump's kernel had loaded. */
export function loadedModules(dump: string): Promise<string[]> {
  return withOurDump(dump, (ours) => readModules(ours).modules.map(({ name }) => name));
}

/** Modules that the lab builds itself, with their debug info. */
const OWN = ['lab_crash', 'lab_block'] as const;

/**
 * Files with the debug info of modules of a stock kernel, by their names: from the kernel's `-dbg` package, out of
 * which they are unpacked into the cache once, and from the lab's own builds. Those that are found in neither are
 * left out.
 */
export async function moduleDebugInfo(kernel: Kernel, names: readonly string[]): Promise<string[]> {
  const own = OWN.filter((name) => names.includes(name));
  // A name comes from a dump: what is no word names no file of the package.
  const packaged = names.filter((name) => /^\w+$/.test(name) && !own.some((each) => each === name));
  const built = await Promise.all(own.map((name) => labModule(kernel, name)));
  return [...(packaged.length === 0 ? [] : await packagedModules(kernel, packaged)), ...built];
}

async function packagedModules({ release, suite }: Kernel, names: readonly string[]): Promise<string[]> {
  const deb = debPackage(`linux-image-${release}-dbg`, suite === undefined ? {} : { suite });
  const folder = cacheFolder('lab', 'debug-modules', basename(deb, '.deb'));
  const path = (name: string) => join(folder, `${name}.ko`);
  const missing = names.filter((name) => !existsSync(path(name)));
  if (missing.length > 0) {
    const temporary = mkdtempSync(join(folder, 'new-'));
    try {
      await unpack(deb, missing, temporary);
      for (const file of readdirSync(temporary, { recursive: true, encoding: 'utf8' })) {
        if (file.endsWith('.ko')) renameSync(join(temporary, file), path(kernelsName(file)));
      }
    } finally {
      rmSync(temporary, { recursive: true });
    }
  }
  return names.map(path).filter((each) => existsSync(each));
}

/** The kernel calls the module of `dm-mod.ko` `dm_mod`. */
function kernelsName(file: string): string {
  return basename(file, '.ko').replaceAll('-', '_');
}

async function unpack(deb: string, names: readonly string[], folder: string): Promise<void> {
  const patterns = names.map((name) => `*/${name.replaceAll('_', '[-_]')}.ko`);
  const script = `deb=$1 folder=$2
    shift 2
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$folder" --wildcards -f - "$@"`;
  // tar fails over a pattern that matches nothing, when all else is unpacked.
  await exec('sh', ['-c', script, 'sh', deb, folder, ...patterns], { allow: [0, 2] });
}
