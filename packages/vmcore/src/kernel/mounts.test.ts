import { describe, expect, it } from 'vitest';
import { FakeKernel } from '../../test/fake_kernel.ts';
import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { pathText } from './dentry.ts';
import { mountOptions, readMountNamespaces, readMounts } from './mounts.ts';

/** A root file system at `/`, and a tmpfs at `/mnt/a b` on it; mounts in a list, as before 6.8. */
function kernel() {
  const fake = new FakeKernel();
  fake.struct('qstr', { hash: 'u32', len: 'u32', name: 'ptr' });
  fake.struct('dentry', { d_parent: 'ptr', d_name: 'qstr' });
  fake.struct('file_system_type', { name: 'ptr' });
  fake.struct('super_block', { s_flags: 'u64', s_type: 'ptr', s_subtype: 'ptr', s_id: 'char[32]' });
  fake.struct('vfsmount', { mnt_root: 'ptr', mnt_sb: 'ptr', mnt_flags: 'int' });
  fake.struct('mount', {
    ...{ mnt_parent: 'ptr', mnt_mountpoint: 'ptr', mnt: 'vfsmount', mnt_devname: 'ptr' },
    ...{ mnt_list: 'list_head', mnt_id: 'int' },
  });
  fake.struct('ns_common', { inum: 'u32' });
  fake.struct('mnt_namespace', { ns: 'ns_common', root: 'ptr', list: 'list_head' });
  fake.struct('nsproxy', { mnt_ns: 'ptr' });
  fake.struct('path', { mnt: 'ptr', dentry: 'ptr' });
  fake.struct('fs_struct', { root: 'path' });
  fake.struct('task_struct', { nsproxy: 'ptr', fs: 'ptr' });

  const dentry = (name: string, parent?: VirtualAddress) => {
    const at = fake.object('dentry', { 'd_name.name': name, 'd_name.len': name.length });
    fake.set('dentry', at, 'd_parent', parent ?? at);
    return at;
  };
  const superblock = (type: string, flags = 0) =>
    fake.object('super_block', {
      s_flags: flags,
      s_type: fake.object('file_system_type', { name: type }),
      s_id: 'device',
    });
  const rootDentry = dentry('/');
  const mountpoint = dentry('a b', dentry('mnt', rootDentry));
  const disk = superblock('ext4');
  const root = fake.object('mount', {
    ...{ mnt_mountpoint: rootDentry, 'mnt.mnt_root': rootDentry, 'mnt.mnt_sb': disk, 'mnt.mnt_flags': 0x20 },
    ...{ mnt_devname: '/dev/root', mnt_id: 20 },
  });
  fake.set('mount', root, 'mnt_parent', root);
  const tmpfs = fake.object('mount', {
    ...{ mnt_parent: root, mnt_mountpoint: mountpoint, 'mnt.mnt_root': dentry('/') },
    ...{ 'mnt.mnt_sb': superblock('tmpfs', 0x11), 'mnt.mnt_flags': 7, mnt_devname: 'none', mnt_id: 21 },
  });
  const namespace = fake.object('mnt_namespace', { 'ns.inum': 4026531841, root });
  const list = addTo(namespace, fake.offset('mnt_namespace', 'list'));
  fake.list(list, 'mount', 'mnt_list', [root, tmpfs]);
  const vfsmount = addTo(root, fake.offset('mount', 'mnt'));
  const fs = fake.object('fs_struct', { 'root.mnt': vfsmount, 'root.dentry': rootDentry });
  const nsproxy = fake.object('nsproxy', { mnt_ns: namespace });
  const task = fake.object('task_struct', { nsproxy, fs });
  return { fake, task, root, tmpfs, dentry, rootDentry, mountpoint, namespace };
}

describe('mounts', () => {
  it('are listed with paths that cross mounts', () => {
    const { fake, task, namespace } = kernel();
    const found = readMounts(fake.dump(), task);
    expect(found).toMatchObject({ address: namespace, inode: 4026531841, problems: [] });
    expect(found?.mounts).toMatchObject([
      {
        ...{ id: 20, source: '/dev/root', target: '/', root: '/', type: 'ext4', device: 'device' },
        ...{ options: ['rw', 'relatime'], reachable: true },
      },
      {
        ...{ id: 21, source: 'none', target: '/mnt/a b', type: 'tmpfs', reachable: true },
        options: ['ro', 'sync', 'nosuid', 'nodev', 'noexec'],
      },
    ]);
  });

  it('are left out with the reason where they cannot be read', () => {
    const { fake, task, tmpfs } = kernel();
    fake.set('mount', tmpfs, 'mnt.mnt_sb', 0xdead_0000_0000_0000n);
    const found = readMounts(fake.dump(), task);
    expect(found?.mounts).toHaveLength(1);
    expect(found?.problems).toEqual([expect.stringMatching(/0xdead000000000000/)]);
  });

  it('are given once for a namespace, and not for a task that has left its own', () => {
    const { fake, task } = kernel();
    const gone = fake.object('task_struct');
    expect(readMounts(fake.dump(), gone)).toBeUndefined();
    expect(readMountNamespaces(fake.dump(), [gone, task, task, 0n as VirtualAddress])).toHaveLength(1);
  });

  it('show the options of mount and file system in the order of /proc/mounts', () => {
    expect(mountOptions(0, 0)).toEqual(['rw']);
    expect(mountOptions(0x40, 0)).toEqual(['ro']);
    expect(mountOptions(0x98, 0x0200_0090)).toEqual([
      ...['rw', 'sync', 'dirsync', 'lazytime', 'noatime', 'nodiratime', 'nosymfollow'],
    ]);
  });
});

describe('paths', () => {
  it('end at a root inside the tree', () => {
    const { fake, root, tmpfs, mountpoint, dentry } = kernel();
    const file = dentry(
      'file',
      fake.memory.virtual.pointer(addTo(tmpfs, fake.offset('mount', 'mnt.mnt_root'))),
    );
    const dump = fake.dump();
    const path = { mount: tmpfs, dentry: file };
    const parent = fake.memory.virtual.pointer(mountpoint);
    expect(pathText(dump, path, { mount: root, dentry: parent })).toEqual({
      text: '/a b/file',
      reachable: true,
    });
    expect(pathText(dump, path, undefined)).toEqual({ text: '/mnt/a b/file', reachable: true });
  });

  it('that do not lead to the root say so', () => {
    const { fake, tmpfs, dentry, rootDentry } = kernel();
    const elsewhere = { mount: tmpfs, dentry: rootDentry };
    const path = { mount: tmpfs, dentry: dentry('file', dentry('/')) };
    expect(pathText(fake.dump(), path, elsewhere)).toEqual({ text: '/file', reachable: false });
  });

  it('that run in a circle end', () => {
    const { fake, tmpfs, dentry } = kernel();
    const one = dentry('one');
    const two = dentry('two', one);
    fake.set('dentry', one, 'd_parent', two);
    const { text, reachable } = pathText(fake.dump(), { mount: tmpfs, dentry: two }, undefined);
    expect(reachable).toBe(false);
    expect(text).toMatch(/and more\)/);
  });
});
