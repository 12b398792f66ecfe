import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cacheFolder } from '../../scripts/cache.ts';
import { debPackage, packageField, unpackDeb } from '../../scripts/debian.ts';

/** A stock kernel of a Debian release, unpacked in the cache. */
export interface Kernel {
  /** As `uname -r` prints it. */
  readonly release: string;
  /** The package's version, such as `6.1.192-2`. */
  readonly version: string;
  /** The release's codename; undefined means this machine's own. */
  readonly suite: string | undefined;
  /** Path of the bzImage. */
  readonly image: string;
  /** The package's folder `/lib/modules/RELEASE`. */
  readonly modules: string;
}

/** The newest cloud kernel that a Debian release offers, by default the one this machine runs on. */
export function stockKernel(suite?: string): Kernel {
  const from = suite === undefined ? {} : { suite };
  const name = dependency('linux-image-cloud-amd64', /^linux-image-\d\S+/, suite);
  const path = debPackage(name, from);
  const folder = unpacked(path);
  const release = name.replace('linux-image-', '');
  const [, version = ''] = basename(path).split('_');
  return {
    release,
    version: decodeURIComponent(version),
    suite,
    image: join(folder, 'boot', `vmlinuz-${release}`),
    // In /usr since Debian 13.
    modules: join(folder, existsSync(join(folder, 'lib')) ? '' : 'usr', 'lib', 'modules', release),
  };
}

/** The first package in a package's `Depends` whose name matches. */
export function dependency(name: string, wanted: RegExp, suite?: string): string {
  const depends = packageField(name, 'Depends', suite === undefined ? {} : { suite }) ?? '';
  const found = depends.split(/[,|]/).map((each) => each.trim().replace(/[ :].*/, ''));
  const match = found.find((each) => wanted.test(each));
  if (match === undefined)
    throw new Error(`${name} depends on "${depends}"; wanted one that matches ${wanted}`);
  return match;
}

/** The folder with the files of a package; unpacked once. */
function unpacked(deb: string): string {
  const parent = cacheFolder('lab', 'unpacked');
  const folder = join(parent, basename(deb, '.deb'));
  if (existsSync(folder)) return folder;
  const temporary = mkdtempSync(join(parent, 'new-'));
  unpackDeb(deb, temporary);
  try {
    renameSync(temporary, folder);
  } catch (error) {
    // Another run unpacked it meanwhile.
    rmSync(temporary, { recursive: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}
