import { describe, expect, it } from 'vitest';
import { FakeKernel } from '../../test/fake_kernel.ts';
import { addTo } from '../bytes/address.ts';
import { readMemory } from './memory.ts';
import { readSlabCaches } from './slab.ts';

const NODE_ITEMS = [
  ...['NR_INACTIVE_ANON', 'NR_ACTIVE_ANON', 'NR_INACTIVE_FILE', 'NR_ACTIVE_FILE', 'NR_SLAB_RECLAIMABLE_B'],
  ...['NR_KERNEL_MISC_RECLAIMABLE', 'NR_FILE_PAGES', 'NR_SWAPCACHE', 'NR_KERNEL_STACK_KB'],
];

/** One node with one zone, two CPUs, and a huge page pool. */
function kernel() {
  const fake = new FakeKernel();
  fake.cpus(2);
  fake.enum('node_stat_item', [...NODE_ITEMS, 'NR_VM_NODE_STAT_ITEMS']);
  fake.enum('zone_stat_item', ['NR_FREE_PAGES', 'NR_MLOCK', 'NR_VM_ZONE_STAT_ITEMS']);
  fake.struct('per_cpu_nodestat', { stat_threshold: 's8', vm_node_stat_diff: `s8[${NODE_ITEMS.length}]` });
  fake.struct('per_cpu_zonestat', { vm_stat_diff: 's8[2]', stat_threshold: 's8' });
  fake.struct('per_cpu_pages', { lock: 'int', count: 'int' });
  fake.struct('zone', {
    ...{ _watermark: 'u64[4]', watermark_boost: 'u64', per_cpu_pageset: 'ptr', per_cpu_zonestats: 'ptr' },
    ...{ managed_pages: 'atomic_long', spanned_pages: 'u64', present_pages: 'u64', name: 'ptr' },
    vm_stat: 'atomic_long[2]',
  });
  fake.struct('pglist_data', {
    ...{ node_zones: 'zone[1]', nr_zones: 'int', node_id: 'int', totalreserve_pages: 'u64' },
    ...{ per_cpu_nodestats: 'ptr', vm_stat: `atomic_long[${NODE_ITEMS.length}]` },
  });
  fake.struct('percpu_counter', { count: 'long', counters: 'ptr' });
  fake.struct('hstate', {
    ...{ order: 'u32', nr_huge_pages: 'u64', free_huge_pages: 'u64', resv_huge_pages: 'u64' },
    surplus_huge_pages: 'u64',
  });
  fake.struct('address_space', { nrpages: 'u64' });
  fake.struct('inode', { i_sb_list: 'list_head', i_data: 'address_space' });
  fake.struct('super_block', { s_inodes: 'list_head' });

  const perCpu = (type: string) => {
    const at = fake.allocate(0x100100);
    fake.object(type, {}, at);
    fake.memory.bytes(addTo(at, 0x100000), new Uint8Array(64));
    return at;
  };
  const zoneStat = perCpu('per_cpu_zonestat');
  const pages = perCpu('per_cpu_pages');
  const nodeStat = perCpu('per_cpu_nodestat');
  const node = fake.object('pglist_data', {
    ...{ nr_zones: 1, totalreserve_pages: 30, per_cpu_nodestats: nodeStat },
    ...{ 'node_zones[0].per_cpu_zonestats': zoneStat, 'node_zones[0].per_cpu_pageset': pages },
    ...{ 'node_zones[0].name': 'Normal', 'node_zones[0].managed_pages.counter': 1000 },
    ...{ 'node_zones[0]._watermark[0]': 10, 'node_zones[0]._watermark[1]': 20 },
    ...{ 'node_zones[0]._watermark[2]': 25, 'node_zones[0].watermark_boost': 5 },
    'node_zones[0].vm_stat[0].counter': 500,
  });
  fake.variables.contig_page_data = node;
  const count = (item: string, value: number) =>
    fake.set('pglist_data', node, `vm_stat[${NODE_ITEMS.indexOf(item)}].counter`, value);
  const object = fake.object('inode', { 'i_data.nrpages': 7 });
  const superblock = fake.object('super_block');
  fake.list(superblock, 'inode', 'i_sb_list', [object]);
  fake.variable('blockdev_superblock', 'ptr', superblock);
  fake.variable('_totalram_pages', 'u64', 1000);
  fake.variable('total_swap_pages', 'u64', 100);
  fake.variable('sysctl_overcommit_kbytes', 'u64', 0);
  fake.variable('sysctl_overcommit_ratio', 'int', 50);
  fake.variables.vm_committed_as = fake.object('percpu_counter', { count: 321 });
  fake.variable('pcpu_nr_populated', 'u64', 40);
  fake.variable('pcpu_nr_units', 'int', 2);
  fake.variable('hugetlb_max_hstate', 'int', 1);
  fake.variables.hstates = fake.object('hstate', { order: 9, nr_huge_pages: 1, free_huge_pages: 1 });
  return { fake, node, count, zoneStat, pages, nodeStat };
}

const PAGE = 4096;

describe('memory', () => {
  it('is summed with what the CPUs have not added yet', () => {
    const { fake, count, zoneStat, pages, nodeStat } = kernel();
    fake.memory.number(zoneStat, -3, 1);
    fake.memory.number(addTo(zoneStat, 0x100000), 10, 1);
    fake.memory.number(addTo(pages, 0x100004), 8, 4);
    count('NR_KERNEL_STACK_KB', 64);
    fake.memory.number(addTo(nodeStat, 1 + NODE_ITEMS.indexOf('NR_KERNEL_STACK_KB')), 16, 1);
    const memory = readMemory(fake.dump());
    expect(memory.problems).toEqual([]);
    expect(memory).toMatchObject({ free: 507 * PAGE, kernelStacks: 80 * 1024, total: 1000 * PAGE });
    expect(memory.nodes).toMatchObject([
      { number: 0, reserved: 30, zones: [{ name: 'Normal', min: 15, low: 25, high: 30, onCpus: 8 }] },
    ]);
  });

  it('has the lines of /proc/meminfo', () => {
    const { fake, count } = kernel();
    count('NR_FILE_PAGES', 200);
    count('NR_ACTIVE_FILE', 60);
    count('NR_INACTIVE_FILE', 20);
    count('NR_SLAB_RECLAIMABLE_B', 12);
    count('NR_SWAPCACHE', 5);
    expect(readMemory(fake.dump())).toMatchObject({
      buffers: 7 * PAGE,
      cached: 188 * PAGE,
      swapCached: 5 * PAGE,
      active: 60 * PAGE,
      // 500 free - 30 kept back + 80 of cache - 25 that stay + 12 of slabs - 6
      available: 531 * PAGE,
      perCpu: 80 * PAGE,
      committed: 321 * PAGE,
      // half of all but the huge pages, and swap
      commitLimit: (244 + 100) * PAGE,
      hugePages: [{ pageBytes: 2 << 20, total: 1, free: 1, reserved: 0, surplus: 0 }],
      unevictable: undefined,
      poisoned: undefined,
    });
  });

  it('says what it lacks and why', () => {
    const { fake } = kernel();
    delete fake.variables.contig_page_data;
    delete fake.variables.blockdev_superblock;
    const memory = readMemory(fake.dump());
    expect(memory).toMatchObject({ free: undefined, cached: undefined, total: 1000 * PAGE });
    expect(memory.problems).toEqual([
      expect.stringMatching(/contig_page_data/),
      expect.stringMatching(/blockdev_superblock/),
    ]);
  });
});

describe('slab caches', () => {
  function caches() {
    const fake = new FakeKernel();
    fake.struct('order_objects', { x: 'u32' });
    fake.struct('kmem_cache', {
      ...{
        size: 'u32',
        object_size: 'u32',
        oo: 'order_objects',
        name: 'ptr',
        list: 'list_head',
        node: 'ptr[4]',
      },
    });
    fake.struct('kmem_cache_node', {
      ...{ nr_partial: 'u64', partial: 'list_head', nr_slabs: 'atomic_long', total_objects: 'atomic_long' },
    });
    fake.struct('slab', { slab_list: 'list_head', inuse: 'u16', objects: 'u16' });
    const node = fake.object('kmem_cache_node', { 'nr_slabs.counter': 3, 'total_objects.counter': 96 });
    const slab = fake.object('slab', { inuse: 30, objects: 32 });
    fake.list(addTo(node, fake.offset('kmem_cache_node', 'partial')), 'slab', 'slab_list', [slab]);
    const cache = fake.object('kmem_cache', {
      ...{ size: 256, object_size: 200, 'oo.x': 0x10020, name: 'lab', 'node[0]': node },
    });
    fake.list(fake.variable('slab_caches', 'list_head'), 'kmem_cache', 'list', [cache]);
    fake.variable('nr_node_ids', 'int', 1);
    return { fake, cache, slab };
  }

  it('are lines of /proc/slabinfo', () => {
    const { fake, cache } = caches();
    expect(readSlabCaches(fake.dump())).toEqual({
      caches: [
        {
          ...{ name: 'lab', address: cache, objectBytes: 200, size: 256, slabs: 3, objects: 96, inUse: 94 },
          bytes: 3 * 2 * PAGE,
        },
      ],
      problems: [],
    });
  });

  it('keep what can be read of a damaged list', () => {
    const { fake, slab } = caches();
    fake.memory.number(slab, slab);
    const { caches: found, problems } = readSlabCaches(fake.dump());
    expect(found).toHaveLength(1);
    expect(problems).toEqual([expect.stringMatching(/Slab cache lab: .*circle/)]);
  });

  it('are none where the number of nodes cannot be', () => {
    const { fake } = caches();
    fake.variable('nr_node_ids', 'int', -1);
    expect(readSlabCaches(fake.dump())).toEqual({
      caches: [],
      problems: [expect.stringMatching(/nr_node_ids is -1/)],
    });
  });
});
