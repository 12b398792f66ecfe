import { describe, expect, it } from 'vitest';
import { FakeKernel } from '../../test/fake_kernel.ts';
import { addTo } from '../bytes/address.ts';
import { readCredentials } from './cred.ts';

function kernel(capability: string) {
  const fake = new FakeKernel();
  fake.struct('kuid_t', { val: 'u32' });
  fake.struct('kernel_cap_t', { val: capability });
  const ids = ['uid', 'gid', 'suid', 'sgid', 'euid', 'egid', 'fsuid', 'fsgid'];
  const caps = ['cap_inheritable', 'cap_permitted', 'cap_effective', 'cap_bset', 'cap_ambient'];
  fake.struct('cred', {
    usage: 'long',
    ...Object.fromEntries(ids.map((name) => [name, 'kuid_t'])),
    ...Object.fromEntries(caps.map((name) => [name, 'kernel_cap_t'])),
    user_ns: 'ptr',
    group_info: 'ptr',
  });
  fake.struct('group_info', { usage: 'int', ngroups: 'int', gid: 'kuid_t[1]' });
  const groups = fake.allocate(64);
  fake.object('group_info', { ngroups: 3 }, groups);
  [7, 9, 70_000].forEach((gid, n) => {
    fake.memory.number(addTo(groups, fake.offset('group_info', 'gid') + n * 4), gid, 4);
  });
  const cred = fake.object('cred', {
    'uid.val': 1000,
    'euid.val': 2000,
    'suid.val': 3000,
    'fsuid.val': 2000,
    'gid.val': 0xffff_fffe,
    user_ns: 0x1234,
    group_info: groups,
  });
  fake.memory.number(addTo(cred, fake.offset('cred', 'cap_effective')), 0x1ff_ffff_ffffn);
  return { fake, cred, groups };
}

describe('credentials', () => {
  it.each(['u64', 'u32[2]'])('are read whatever a mask of capabilities is made of: %s', (capability) => {
    const { fake, cred } = kernel(capability);
    expect(readCredentials(fake.dump(), cred)).toMatchObject({
      uid: 1000,
      euid: 2000,
      suid: 3000,
      fsuid: 2000,
      gid: 0xffff_fffe,
      groups: [7, 9, 70_000],
      userNamespace: 0x1234n,
      capabilities: { effective: 0x1ff_ffff_ffffn, permitted: 0n },
    });
  });

  it('refuses more groups than there can be', () => {
    const { fake, cred, groups } = kernel('u64');
    fake.set('group_info', groups, 'ngroups', 0x7fff_ffff);
    const error = expect.objectContaining({ name: 'DumpError', code: 'bad-format' });
    expect(() => readCredentials(fake.dump(), cred)).toThrow(error);
  });
});
