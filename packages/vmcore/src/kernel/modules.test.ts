import { describe, expect, it } from 'vitest';
import { FakeKernel } from '../../test/fake_kernel.ts';
import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { readModules } from './modules.ts';

/** Two modules, `lower` and `upper`, of which the second uses the first. */
function kernel() {
  const fake = new FakeKernel();
  const { btf } = fake;
  btf.enum('mod_mem_type', [
    ['MOD_TEXT', 0],
    ['MOD_DATA', 1],
  ]);
  btf.enum('module_state', [['MODULE_STATE_UNFORMED', 3]]);
  fake.struct('module_memory', { base: 'ptr', size: 'u32' });
  fake.struct('module', {
    state: 'u32',
    list: 'list_head',
    name: 'char[56]',
    version: 'ptr',
    srcversion: 'ptr',
    init: 'ptr',
    exit: 'ptr',
    kallsyms: 'ptr',
    taints: 'u64',
    mem: 'module_memory[2]',
    source_list: 'list_head',
    refcnt: 'atomic',
  });
  fake.struct('module_use', { source_list: 'list_head', source: 'ptr', target: 'ptr' });
  const module = (values: Record<string, number | string | bigint>) => {
    const at = fake.object('module', values);
    fake.list(addTo(at, fake.offset('module', 'source_list')), 'module_use', 'source_list', []);
    return at;
  };
  const lower = module({ name: 'lower', version: '1.2', taints: 0x3000, init: 1, 'refcnt.counter': 2 });
  fake.set('module', lower, 'mem[0].base', 0xffff_ffff_c000_0000n);
  fake.set('module', lower, 'mem[0].size', 0x3000);
  fake.set('module', lower, 'mem[1].base', 0xffff_ffff_c100_0000n);
  fake.set('module', lower, 'mem[1].size', 0x1000);
  const upper = module({ name: 'upper', state: 2, srcversion: 'ABC', init: 1, exit: 2, 'refcnt.counter': 0 });
  const use = fake.object('module_use', { source: upper, target: lower });
  fake.list(addTo(lower, fake.offset('module', 'source_list')), 'module_use', 'source_list', [use]);
  const head = fake.object('list_head');
  fake.variables.modules = head;
  fake.list(head, 'module', 'list', [upper, lower]);
  return { fake, lower, upper, use };
}

describe('modules', () => {
  it('are what /proc/modules says of them', () => {
    const { modules, problems } = readModules(kernel().fake.dump());
    expect(problems).toEqual([]);
    expect(modules).toMatchObject([
      {
        name: 'upper',
        state: 'Unloading',
        references: -1,
        users: [],
        taints: '',
        srcversion: 'ABC',
        base: 0n,
      },
      {
        name: 'lower',
        state: 'Live',
        references: 1,
        permanent: true,
        users: ['upper'],
        taints: 'OE',
        version: '1.2',
        base: 0xffff_ffff_c000_0000n,
        sizeBytes: 0x4000,
      },
    ]);
  });

  it('stay when a list of users is damaged', () => {
    const { fake, use } = kernel();
    fake.set('module_use', use, 'source_list.next', use as VirtualAddress);
    const { modules, problems } = readModules(fake.dump());
    expect(modules.map(({ name, users }) => [name, users])).toEqual([
      ['upper', []],
      ['lower', ['upper']],
    ]);
    expect(problems).toEqual([expect.stringMatching(/runs in a circle after 1 nodes/)]);
  });

  it('are given as far as their list can be read', () => {
    const { fake, upper } = kernel();
    fake.set('module', upper, 'list.next', 0xdead_0000_0000_0100n);
    const { modules, problems } = readModules(fake.dump());
    expect(modules.map(({ name }) => name)).toEqual(['upper']);
    expect(problems.length).toBe(1);
  });
});
