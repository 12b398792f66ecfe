import { addTo, hexAddress, type VirtualAddress } from '../bytes/address.ts';
import { utf8Text } from '../bytes/text.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';

/** A place in the tree of mounts (C `struct path`); `mount` is the `struct mount`, not its `vfsmount`. */
export interface KernelPath {
  readonly mount: VirtualAddress;
  readonly dentry: VirtualAddress;
}

/** A path in words. */
export interface PathText {
  readonly text: string;
  /**
   * Whether the path leads up to `root`; if not, it starts at what it leads up to: the root of another mount
   * namespace, of a detached mount, or the place where the dump is damaged.
   */
  readonly reachable: boolean;
}

const DENTRY = {
  parent: field.pointer('d_parent'),
  nameLength: field.number('d_name.len'),
  name: field.pointer('d_name.name'),
};
const MOUNT = {
  parent: field.pointer('mnt_parent'),
  mountpoint: field.pointer('mnt_mountpoint'),
  root: field.pointer('mnt.mnt_root'),
};

/** `NAME_MAX`: no file system has longer names; some special files have. */
const MOST_NAME = 4096;
/** Names in a path, and mounts that it crosses: `PATH_MAX` allows no more. */
const MOST_STEPS = 4096;

/** `struct path` at an address: its `vfsmount` pointer leads into the `struct mount`. */
export function readPath(dump: Dump, at: VirtualAddress): KernelPath {
  const { types, memory } = dump;
  return {
    mount: mountOf(dump, memory.pointer(addTo(at, types.offsetof('path', 'mnt')))),
    dentry: memory.pointer(addTo(at, types.offsetof('path', 'dentry'))),
  };
}

/** `real_mount`: the `struct mount` around a `struct vfsmount`. */
export function mountOf(dump: Dump, vfsmount: VirtualAddress): VirtualAddress {
  return dump.containerOf(vfsmount, 'mount', 'mnt');
}

/**
 * `d_path`: the path to a dentry, across mounts, up to `root` or as far as it leads. Names are as they are in
 * memory, unescaped. Throws what reading memory throws.
 */
export function pathText(dump: Dump, path: KernelPath, root: KernelPath | undefined): PathText {
  const readMount = dump.reader('mount', MOUNT);
  const readDentry = dump.reader('dentry', DENTRY);
  const names: string[] = [];
  const text = () => `/${names.toReversed().join('/')}`;
  let { mount, dentry } = path;
  for (let step = 0; step < MOST_STEPS; step++) {
    if (root && mount === root.mount && dentry === root.dentry) return { text: text(), reachable: true };
    const here = readMount(mount);
    if (dentry === here.root) {
      if (here.parent === mount) return { text: text(), reachable: root === undefined };
      dentry = here.mountpoint;
      mount = here.parent;
      continue;
    }
    const { parent, name, nameLength } = readDentry(dentry);
    // A dentry that is its own parent is the root of a file system, here of one that the mount shows part of.
    if (parent === dentry) return { text: text(), reachable: false };
    names.push(nameOf(dump, name, nameLength));
    dentry = parent;
  }
  names.push(`(${hexAddress(dentry)} and more)`);
  return { text: text(), reachable: false };
}

/** The path of a dentry inside its own file system. Throws what reading memory throws. */
export function dentryText(dump: Dump, dentry: VirtualAddress): string {
  const readDentry = dump.reader('dentry', DENTRY);
  const names: string[] = [];
  let at = dentry;
  for (let step = 0; step < MOST_STEPS; step++) {
    const { parent, name, nameLength } = readDentry(at);
    if (parent === at) break;
    names.push(nameOf(dump, name, nameLength));
    at = parent;
  }
  return `/${names.reverse().join('/')}`;
}

function nameOf(dump: Dump, name: VirtualAddress, length: number): string {
  return utf8Text(dump.memory.read(name, Math.min(length, MOST_NAME)));
}
