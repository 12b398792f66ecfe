import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../../scripts/cache.ts';
import { exec } from '../exec.ts';
import { fileSystem, inScratch, ROOT_MIB, type RootOptions } from '../image.ts';
import { guestFolder } from '../paths.ts';
import { GRUB_CONFIG_FOLDER } from './grub.ts';
import { collectRoot, makeKdumpRoot, packagingFolder, readKdumpPackage } from './kdump_package.ts';
import { containerConfig, ociConfig } from './oci.ts';

const eveFolder = join(guestFolder, 'eve');
const PATH = 'PATH=/usr/bin';

/**
 * A root laid out as on EVE: GRUB's configuration, the kernel, kcrash with its script in /etc/init.d, runc, and
 * the onboot containers as OCI bundles. Built once per content and cached.
 */
export async function eveRootImage({ kernel, device }: RootOptions): Promise<string> {
  return inScratch(async (tree) => {
    await collectRoot(tree, ['busybox', 'runc', 'kexec']);
    for (const name of ['run', 'tmp', 'lab', 'bin', 'sbin', 'boot', 'etc/init.d', 'containers/onboot'])
      mkdirSync(join(tree, name), { recursive: true });
    await linkApplets(tree);
    put(device, join(tree, 'usr/bin/kcrash'), 0o755);
    put(kernel.image, join(tree, 'boot/kernel'), 0o644);
    put(join(eveFolder, 'init'), join(tree, 'sbin/init'), 0o755);
    const script = 'etc/init.d/000-kexec';
    put(join(packagingFolder, 'dom0', script), join(tree, script), 0o755);

    const grub = join(tree, GRUB_CONFIG_FOLDER);
    mkdirSync(grub, { recursive: true });
    put(join(eveFolder, 'grub.cfg'), join(grub, 'grub.cfg'), 0o644);
    put(join(packagingFolder, 'grub', 'crashkernel.cfg'), join(grub, 'crashkernel.cfg'), 0o644);

    const onboot = join(tree, 'containers', 'onboot');
    await labBundle(join(onboot, '000-storage-init'), 'storage-init');
    await bundle(join(onboot, '001-kdump'), readKdumpPackage().oci, (root) => makeKdumpRoot(root, device));
    await labBundle(join(onboot, '002-after'), 'after');
    return cachedFileSystem(tree);
  });
}

/** Makes the programs of busybox callable, but for those that have a program of their own. */
async function linkApplets(tree: string): Promise<void> {
  const busybox = join(tree, 'usr/bin/busybox');
  symlinkSync('../usr/bin/busybox', join(tree, 'bin/busybox'));
  for (const applet of (await exec(busybox, ['--list'])).toString().trim().split('\n')) {
    const link = join(tree, 'bin', applet);
    if (!existsSync(link)) symlinkSync('busybox', link);
  }
}

/** A bundle of the lab's own: a script that busybox runs, with what its `.yml` binds. */
function labBundle(folder: string, name: string): Promise<void> {
  const container = containerConfig(readFileSync(join(eveFolder, `${name}.yml`), 'utf8'));
  const oci = ociConfig(container, { entrypoint: [], env: [PATH] });
  return bundle(folder, oci, async (root) => {
    await collectRoot(root, ['busybox']);
    put(join(eveFolder, `${name}.sh`), join(root, 'onboot.sh'), 0o644);
  });
}

/** Writes an OCI bundle. */
async function bundle(folder: string, oci: object, makeRoot: (root: string) => Promise<void>): Promise<void> {
  mkdirSync(join(folder, 'rootfs'), { recursive: true });
  await makeRoot(join(folder, 'rootfs'));
  writeFileSync(join(folder, 'config.json'), `${JSON.stringify(oci, null, 2)}\n`);
}

function put(from: string, to: string, mode: number): void {
  copyFileSync(from, to);
  chmodSync(to, mode);
}

async function cachedFileSystem(tree: string): Promise<string> {
  const image = join(cacheFolder('lab', 'root'), `eve-${treeHash(tree)}.img`);
  if (existsSync(image)) return image;
  const temporary = `${image}.${process.pid}`;
  await fileSystem(temporary, ROOT_MIB, tree);
  renameSync(temporary, image);
  return image;
}

function treeHash(tree: string): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(tree, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(tree, name);
    const status = lstatSync(path);
    hash.update(`${name} ${status.mode}\n`);
    if (status.isSymbolicLink()) hash.update(readlinkSync(path));
    else if (status.isFile()) hash.update(readFileSync(path));
  }
  return hash.digest('hex').slice(0, 32);
}
