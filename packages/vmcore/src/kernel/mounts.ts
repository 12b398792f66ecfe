import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { attempt } from './attempt.ts';
import { dentryText, type KernelPath, pathText, readPath } from './dentry.ts';
import { listEntries } from './list.ts';
import { rbEntries } from './rbtree.ts';

/** A mount: a line of /proc/mounts. */
export interface Mount {
  readonly address: VirtualAddress;
  readonly id: number;
  /** Device or other source, as it was given to mount(8). */
  readonly source: string;
  /** Where it is mounted, seen from the namespace's root. */
  readonly target: string;
  /** What of its file system it shows: `/` unless it is a bind mount of a part. */
  readonly root: string;
  /** `ext4`, `fuse.sshfs`. */
  readonly type: string;
  /** As /proc/mounts has them, without those of the file system's own: `rw`, `nosuid`, `relatime`. */
  readonly options: readonly string[];
  /** `s_id`: the block device's name, or the file system's own word. */
  readonly device: string;
  /** Whether the root of the namespace leads to it; the kernel lists only those that it does. */
  readonly reachable: boolean;
}

/** The mounts of a mount namespace. */
export interface MountNamespace {
  readonly address: VirtualAddress;
  /** As in `/proc/PID/ns/mnt`. */
  readonly inode: number;
  /** A task in it, whose root the targets are seen from. */
  readonly task: VirtualAddress;
  /** In the order in which they were mounted; by their number in kernels that keep them in a tree. */
  readonly mounts: readonly Mount[];
  readonly problems: readonly string[];
}

const TASK = { namespaces: field.pointer('nsproxy'), files: field.pointer('fs') };
const NSPROXY = { mounts: field.pointer('mnt_ns') };
const NAMESPACE = { inode: field.number('ns.inum') };
const MOUNT = {
  id: field.number('mnt_id'),
  source: field.pointer('mnt_devname'),
  root: field.pointer('mnt.mnt_root'),
  superblock: field.pointer('mnt.mnt_sb'),
  flags: field.number('mnt.mnt_flags'),
};
const SUPERBLOCK = {
  type: field.pointer('s_type'),
  subtype: field.pointer('s_subtype'),
  flags: field.big('s_flags'),
  device: field.text('s_id'),
};
const FILE_SYSTEM = { name: field.pointer('name') };

/** A namespace may have `sysctl fs.mount-max` mounts, 100,000 unless somebody raised it. */
const MOST_MOUNTS = 1 << 18;
const MOST_TEXT = 4096;

/** Bits of `super_block.s_flags` that /proc/mounts shows, in its order (C `SB_…`). */
const SUPERBLOCK_OPTIONS: readonly (readonly [number, string])[] = [
  [0x10, 'sync'],
  [0x80, 'dirsync'],
  [0x40, 'mand'],
  [0x200_0000, 'lazytime'],
];
const READ_ONLY_SUPERBLOCK = 0x1;

/** The same for `vfsmount.mnt_flags` (C `MNT_…`). */
const MOUNT_OPTIONS: readonly (readonly [number, string])[] = [
  [0x1, 'nosuid'],
  [0x2, 'nodev'],
  [0x4, 'noexec'],
  [0x8, 'noatime'],
  [0x10, 'nodiratime'],
  [0x20, 'relatime'],
  [0x80, 'nosymfollow'],
];
const READ_ONLY_MOUNT = 0x40;

/**
 * The mount namespace that a task lives in, seen from the task's root; undefined for a task that has left its
 * namespaces (it is exiting). Throws what reading the task throws; mounts that cannot be read are left out,
 * with a problem each.
 */
export function readMounts(dump: Dump, task: VirtualAddress): MountNamespace | undefined {
  const at = mountNamespaceOf(dump, task);
  if (at === undefined) return undefined;
  const problems: string[] = [];
  const root = attempt(problems, 'Root of the mounts', () => rootOf(dump, task));
  const inode = attempt(problems, 'Mount namespace', () => dump.reader('mnt_namespace', NAMESPACE)(at).inode);
  const mounts: Mount[] = [];
  for (const mount of attempt(problems, 'Mounts', () => mountAddresses(dump, at, problems)) ?? []) {
    const read = attempt(problems, 'Mount', () => readMount(dump, mount, root));
    if (read) mounts.push(read);
  }
  return { address: at, inode: inode ?? 0, task, mounts, problems };
}

/** The mounts of all namespaces that the given tasks live in, in the order of the tasks. */
export function readMountNamespaces(dump: Dump, tasks: Iterable<VirtualAddress>): MountNamespace[] {
  const namespaces = new Map<VirtualAddress, MountNamespace>();
  for (const task of tasks) {
    attempt([], 'Task', () => {
      const at = mountNamespaceOf(dump, task);
      if (at === undefined || namespaces.has(at)) return;
      const read = readMounts(dump, task);
      if (read) namespaces.set(at, read);
    });
  }
  return [...namespaces.values()];
}

/** Where the `mnt_namespace` of a task lies; undefined for a task without. Throws what reading memory throws. */
export function mountNamespaceOf(dump: Dump, task: VirtualAddress): VirtualAddress | undefined {
  const { namespaces } = dump.reader('task_struct', TASK)(task);
  if (namespaces === 0n) return undefined;
  const { mounts } = dump.reader('nsproxy', NSPROXY)(namespaces);
  return mounts === 0n ? undefined : mounts;
}

/** The root directory of a task, unless it has given it up. */
function rootOf(dump: Dump, task: VirtualAddress): KernelPath | undefined {
  const { files } = dump.reader('task_struct', TASK)(task);
  return files === 0n ? undefined : readPath(dump, addTo(files, dump.types.offsetof('fs_struct', 'root')));
}

/** A tree by mount number since 6.8 (2eea9ce4310d), a list before. */
function mountAddresses(dump: Dump, namespace: VirtualAddress, problems: string[]): VirtualAddress[] {
  const { types, memory } = dump;
  const tree = types.has('mount', 'mnt_node') && types.has('mnt_namespace', 'nr_mounts');
  const { entries, problem } = tree
    ? rbEntries(
        memory,
        addTo(namespace, types.offsetof('mnt_namespace', 'mounts')),
        types.offsetof('mount', 'mnt_node'),
        MOST_MOUNTS,
      )
    : listEntries(
        dump,
        addTo(namespace, types.offsetof('mnt_namespace', 'list')),
        'mount',
        'mnt_list',
        MOST_MOUNTS,
      );
  if (problem !== undefined) problems.push(problem);
  return entries;
}

function readMount(dump: Dump, at: VirtualAddress, seenFrom: KernelPath | undefined): Mount {
  const { memory } = dump;
  const mount = dump.reader('mount', MOUNT)(at);
  const superblock = dump.reader('super_block', SUPERBLOCK)(mount.superblock);
  const { name } = dump.reader('file_system_type', FILE_SYSTEM)(superblock.type);
  const target = pathText(dump, { mount: at, dentry: mount.root }, seenFrom);
  const subtype = superblock.subtype === 0n ? '' : `.${memory.cString(superblock.subtype, MOST_TEXT)}`;
  return {
    address: at,
    id: mount.id,
    source: mount.source === 0n ? 'none' : memory.cString(mount.source, MOST_TEXT),
    target: target.text,
    root: dentryText(dump, mount.root),
    type: memory.cString(name, MOST_TEXT) + subtype,
    options: mountOptions(mount.flags, Number(BigInt.asUintN(32, superblock.flags))),
    device: superblock.device,
    reachable: target.reachable,
  };
}

/** The options that `mnt_flags` and `s_flags` stand for, in the order of /proc/mounts. */
export function mountOptions(mount: number, superblock: number): string[] {
  const readOnly = (mount & READ_ONLY_MOUNT) !== 0 || (superblock & READ_ONLY_SUPERBLOCK) !== 0;
  const set = (flags: number, table: typeof MOUNT_OPTIONS) =>
    table.filter(([bit]) => (flags & bit) !== 0).map(([, word]) => word);
  return [readOnly ? 'ro' : 'rw', ...set(superblock, SUPERBLOCK_OPTIONS), ...set(mount, MOUNT_OPTIONS)];
}
