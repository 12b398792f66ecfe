import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cacheFolder } from '../../scripts/cache.ts';
import { cachedFile } from './cached.ts';
import { exec } from './exec.ts';
import { type Layout, layout, MIB, type PartitionName, partition, sfdiskScript } from './gpt.ts';
import type { Kernel } from './kernel.ts';
import { guestFolder } from './paths.ts';

/** Size of the root partition. */
export const ROOT_MIB = 64;
const LAB_MIB = 32;

/** Programs of the host that the guest gets, with the shared libraries they need. */
const PROGRAMS = ['makedumpfile', 'kexec'] as const;

/** What a file in a guest's partition holds. */
export interface GuestFile {
  readonly content: string | Buffer;
  /** Default 0644. */
  readonly mode?: number;
}

export interface RootOptions {
  readonly kernel: Kernel;
  /** The `kcrash` under test. */
  readonly device: string;
}

/** The file system that every scenario boots from, built once per content and cached. */
export async function rootImage({ kernel, device }: RootOptions): Promise<string> {
  const files: [from: string, to: string, mode: number][] = [
    [await program('busybox'), '/bin/busybox', 0o755],
    [join(guestFolder, 'init'), '/sbin/init', 0o755],
    [join(guestFolder, '000-kexec'), '/etc/init.d/000-kexec', 0o755],
    [kernel.image, '/boot/kernel', 0o644],
    [device, '/usr/bin/kcrash', 0o755],
  ];
  for (const name of PROGRAMS) {
    const path = await program(name);
    files.push([path, `/usr/bin/${name}`, 0o755]);
    for (const library of await libraries(path)) files.push([library, library, 0o755]);
  }
  const hash = createHash('sha256');
  for (const [from, to, mode] of files) hash.update(`${to} ${mode}\n`).update(readFileSync(from));
  const image = join(cacheFolder('lab', 'root'), `${hash.digest('hex').slice(0, 32)}.img`);
  return cachedFile(image, (temporary) =>
    inScratch(async (scratch) => {
      const tree = join(scratch, 'tree');
      for (const [from, to, mode] of files) {
        mkdirSync(dirname(join(tree, to)), { recursive: true });
        copyFileSync(from, join(tree, to));
        chmodSync(join(tree, to), mode);
      }
      await finishRoot(tree);
      await fileSystem(temporary, ROOT_MIB, tree);
    }),
  );
}

async function finishRoot(tree: string): Promise<void> {
  for (const name of ['dev', 'proc', 'sys', 'run', 'tmp', 'persist', 'lab', 'root'])
    mkdirSync(join(tree, name));
  for (const applet of (await exec(join(tree, 'bin', 'busybox'), ['--list'])).toString().trim().split('\n')) {
    if (!existsSync(join(tree, 'bin', applet))) symlinkSync('busybox', join(tree, 'bin', applet));
  }
  symlinkSync('/lab/kcrash.conf', join(tree, 'etc', 'kcrash.conf'));
}

/** Makes an ext4 file system with the files of a folder; the image is sparse. */
export async function fileSystem(
  image: string,
  sizeMib: number,
  tree: string,
  options: string[] = [],
): Promise<void> {
  writeFileSync(image, '');
  truncateSync(image, sizeMib * MIB);
  const extended = 'root_owner=0:0,lazy_itable_init=0,lazy_journal_init=0';
  await exec('mke2fs', ['-q', '-F', '-t', 'ext4', '-E', extended, ...options, '-d', tree, image]);
}

/** Writes files below a folder. */
export function writeTree(folder: string, files: Readonly<Record<string, GuestFile>>): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, { content, mode }] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    chmodSync(path, mode ?? 0o644);
  }
}

export interface DiskParts {
  /** Path of the root partition's image. */
  readonly root: string;
  readonly persistMib: number;
  /** The folder that becomes the content of persist. */
  readonly persistTree: string;
  readonly labFiles: Readonly<Record<string, GuestFile>>;
  /** Whether the disk gets a partition for a boot loader, `BIOS_BOOT`. */
  readonly biosBoot?: boolean;
}

/** Makes a scenario's disk at `disk`, without mounting anything. */
export async function makeDisk(disk: string, parts: DiskParts): Promise<Layout> {
  const where = layout({ root: ROOT_MIB * MIB, persist: parts.persistMib * MIB, lab: LAB_MIB * MIB });
  writeFileSync(disk, '');
  truncateSync(disk, where.diskSize);
  await exec('sfdisk', ['--quiet', '--no-reread', disk], {
    input: sfdiskScript(where, parts.biosBoot),
  });
  await inScratch(async (scratch) => {
    const persist = join(scratch, 'persist.img');
    await fileSystem(persist, parts.persistMib, parts.persistTree);
    const tree = join(scratch, 'lab');
    writeTree(tree, parts.labFiles);
    const lab = join(scratch, 'lab.img');
    // No journal: what the guest synced can be read after any crash.
    await fileSystem(lab, LAB_MIB, tree, ['-O', '^has_journal']);
    await place(parts.root, disk, where, 'root');
    await place(persist, disk, where, 'persist');
    await place(lab, disk, where, 'lab');
  });
  return where;
}

/** Copies a partition's image into the disk, leaving holes where it has only zeros. */
async function place(image: string, disk: string, where: Layout, name: PartitionName): Promise<void> {
  const seek = [`seek=${partition(where, name).offset}`, 'oflag=seek_bytes'];
  await exec('dd', [`if=${image}`, `of=${disk}`, 'bs=64K', ...seek, 'conv=notrunc,sparse', 'status=none']);
}

/** Copies a partition out of the disk; the copy is sparse. */
export async function extractPartition(
  disk: string,
  where: Layout,
  name: PartitionName,
  to: string,
): Promise<void> {
  const { offset, size } = partition(where, name);
  const range = [`skip=${offset}`, `count=${size}`, 'iflag=skip_bytes,count_bytes'];
  await exec('dd', [`if=${disk}`, `of=${to}`, 'bs=64K', ...range, 'conv=sparse', 'status=none']);
  truncateSync(to, size);
}

/** Copies a whole image, holes included. */
export async function copyImage(from: string, to: string): Promise<void> {
  await exec('cp', ['--sparse=always', '--reflink=auto', from, to]);
}

/** Absolute path of a program of the host. */
async function program(name: string): Promise<string> {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin', '/usr/bin', '/bin'];
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`${name} is not installed; looked in ${folders.join(' ')}`);
  return found;
}

/** Absolute paths of the shared libraries that a program needs, with its interpreter. */
async function libraries(path: string): Promise<string[]> {
  const text = (await exec('ldd', [path], { allow: [0, 1] })).toString('utf8');
  return [...text.matchAll(/(\/\S+) \(0x[0-9a-f]+\)/g)].map(([, library]) => library ?? '');
}

/** Runs `work` with a folder that is gone afterwards. */
export async function inScratch<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'kcrash-lab-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
