import { describe, expect, it } from 'vitest';
import { FakeKernel } from '../../test/fake_kernel.ts';
import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { readTaskFiles } from './open_files.ts';

const SOCKET = 0o140777;
const REGULAR = 0o100644;

/** A task with `/log` as 0, a socket as 2 and an eventfd as 3; 1 is closed. */
function kernel() {
  const fake = new FakeKernel();
  fake.struct('qstr', { hash: 'u32', len: 'u32', name: 'ptr' });
  fake.struct('dentry', { d_parent: 'ptr', d_name: 'qstr' });
  fake.struct('vfsmount', { mnt_root: 'ptr' });
  fake.struct('mount', { mnt_parent: 'ptr', mnt_mountpoint: 'ptr', mnt: 'vfsmount' });
  fake.struct('path', { mnt: 'ptr', dentry: 'ptr' });
  fake.struct('fs_struct', { root: 'path', pwd: 'path' });
  fake.struct('inode', { i_mode: 'u16', i_ino: 'u64' });
  fake.struct('file', { f_mode: 'u32', f_inode: 'ptr', f_flags: 'u32', f_pos: 'u64', f_path: 'path' });
  fake.struct('fdtable', { max_fds: 'u32', fd: 'ptr', open_fds: 'ptr' });
  fake.struct('files_struct', { count: 'int', fdt: 'ptr' });
  fake.struct('task_struct', { fs: 'ptr', files: 'ptr' });
  const dentry = (name: string, parent?: VirtualAddress) => {
    const at = fake.object('dentry', { 'd_name.name': name, 'd_name.len': name.length });
    fake.set('dentry', at, 'd_parent', parent ?? at);
    return at;
  };
  const root = dentry('/');
  const mount = fake.object('mount', { 'mnt.mnt_root': root });
  fake.set('mount', mount, 'mnt_parent', mount);
  const mnt = addTo(mount, fake.offset('mount', 'mnt'));
  const file = (mode: number, at: VirtualAddress, position = 0) =>
    fake.object('file', {
      f_inode: fake.object('inode', { i_mode: mode, i_ino: 77 }),
      ...{ f_flags: 2, f_pos: position, 'f_path.mnt': mnt, 'f_path.dentry': at },
    });
  const files = [
    file(REGULAR, dentry('log', root), 9),
    0n,
    file(SOCKET, dentry('')),
    file(0, dentry('[eventfd]')),
  ];
  const pointers = fake.allocate(files.length * 8);
  for (const [n, at] of files.entries()) fake.memory.number(addTo(pointers, n * 8), at);
  const open = fake.allocate(8);
  fake.memory.number(open, 0b1101);
  const fdt = fake.object('fdtable', { max_fds: 64, fd: pointers, open_fds: open });
  const fs = fake.object('fs_struct', {
    ...{ 'root.mnt': mnt, 'root.dentry': root, 'pwd.mnt': mnt, 'pwd.dentry': dentry('var', root) },
  });
  const task = fake.object('task_struct', { fs, files: fake.object('files_struct', { fdt }) });
  return { fake, task, pointers };
}

describe('what a task has open', () => {
  it('is named as in /proc/PID/fd', () => {
    const { fake, task } = kernel();
    expect(readTaskFiles(fake.dump(), task)).toMatchObject({
      files: [
        { descriptor: 0, name: '/log', position: 9, flags: 2 },
        { descriptor: 2, name: 'socket:[77]' },
        { descriptor: 3, name: 'anon_inode:[eventfd]' },
      ],
      ...{ directory: '/var', root: '/', problems: [] },
    });
  });

  it('is left out with the reason where it cannot be read', () => {
    const { fake, task, pointers } = kernel();
    fake.memory.number(pointers, 0xdead_0000_0000_0000n);
    const { files, problems } = readTaskFiles(fake.dump(), task);
    expect(files.map(({ descriptor }) => descriptor)).toEqual([2, 3]);
    expect(problems[0]).toMatch(/^File 0: Nothing is mapped/);
  });

  it('is nothing for a task that has let go of all', () => {
    const { fake } = kernel();
    const task = fake.object('task_struct', {});
    expect(readTaskFiles(fake.dump(), task)).toEqual({
      ...{ files: [], directory: undefined, root: undefined, problems: [] },
    });
  });
});
