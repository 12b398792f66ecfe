import { describe, expect, it } from 'vitest';
import { FakeKernel } from '../../test/fake_kernel.ts';
import { readSlabCaches, slabBarns } from './slab.ts';

const COMMON = { name: 'ptr', size: 'u32', object_size: 'u32', oo: 'order', list: 'list_head' };

/** A kernel of two nodes with one cache, which has memory of the second node only. */
function kernel(pairs: boolean) {
  const fake = new FakeKernel();
  fake.struct('order', { x: 'u32' });
  fake.struct('counter', { counter: 'u64' });
  fake.struct('kmem_cache_node', {
    nr_partial: 'u64',
    partial: 'list_head',
    nr_slabs: 'counter',
    total_objects: 'counter',
    ...(pairs ? {} : { barn: 'ptr' }),
  });
  fake.struct('slab', { flags: 'u64', slab_list: 'list_head', inuse: 'u16', objects: 'u16' });
  if (pairs) fake.struct('kmem_cache_per_node_ptrs', { barn: 'ptr', node: 'ptr' });
  const nodes = pairs ? { per_node: 'kmem_cache_per_node_ptrs[64]' } : { node: 'ptr[64]' };
  fake.struct('kmem_cache', { ...COMMON, ...nodes });
  fake.variable('nr_node_ids', 'int', 2);
  const head = fake.variable('slab_caches', 'list_head');
  const node = fake.object('kmem_cache_node', { 'nr_slabs.counter': 3, 'total_objects.counter': 48 });
  const slab = fake.object('slab', { inuse: 6, objects: 16 });
  fake.list(node + BigInt(fake.offset('kmem_cache_node', 'partial')), 'slab', 'slab_list', [slab]);
  const cache = fake.object('kmem_cache', {
    name: fake.text('filp'),
    size: 256,
    object_size: 232,
    'oo.x': 0x10010,
    [pairs ? 'per_node[1].node' : 'node[1]']: node,
  });
  fake.list(head, 'kmem_cache', 'list', [cache]);
  return { fake, cache, node };
}

describe.each([
  ['pointers to nodes', false],
  ['pairs of pointers, as since 7.1', true],
])('caches with %s', (_, pairs) => {
  it('have their slabs, and their objects in use', () => {
    const { fake, cache } = kernel(pairs);
    expect(readSlabCaches(fake.dump())).toEqual({
      caches: [
        {
          name: 'filp',
          address: cache,
          objectBytes: 232,
          size: 256,
          slabs: 3,
          objects: 48,
          inUse: 38,
          bytes: 3 * 8192,
        },
      ],
      problems: [],
    });
  });

  it('have their barns', () => {
    const { fake, cache, node } = kernel(pairs);
    expect(slabBarns(fake.dump(), cache)).toEqual([]);
    if (pairs) fake.set('kmem_cache', cache, 'per_node[1].barn', 0x7000n);
    else fake.set('kmem_cache_node', node, 'barn', 0x7000n);
    expect(slabBarns(fake.dump(), cache)).toEqual([0x7000n]);
  });
});
