import { describe, expect, it } from 'vitest';
import { FakeMemory } from '../../test/fake_dump.ts';
import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { rbEntries, rbNodes } from './rbtree.ts';

/** A tree of seven nodes, numbered in order. */
function tree() {
  const memory = new FakeMemory();
  const root = memory.at(0x100);
  const nodes = [1, 2, 3, 4, 5, 6, 7].map((n) => memory.at(0x1000 * n));
  const node = (n: number) => nodes[n - 1] as VirtualAddress;
  const link = (n: number, left: number, right: number) => {
    memory.number(addTo(node(n), 8), right === 0 ? 0 : node(right));
    memory.number(addTo(node(n), 16), left === 0 ? 0 : node(left));
  };
  memory.number(root, node(4));
  link(4, 2, 6);
  link(2, 1, 3);
  link(6, 5, 7);
  for (const leaf of [1, 3, 5, 7]) link(leaf, 0, 0);
  return { memory, root, nodes, node, link };
}

describe('red-black tree', () => {
  it('gives its nodes in order', () => {
    const { memory, root, nodes } = tree();
    expect(rbNodes(memory.virtual, root)).toEqual({ nodes, problem: undefined });
  });

  it('gives the objects around its nodes', () => {
    const { memory, root, nodes } = tree();
    const { entries } = rbEntries(memory.virtual, root, 0x20);
    expect(entries).toEqual(nodes.map((node) => addTo(node, -0x20)));
  });

  it('is empty where its root is NULL', () => {
    const { memory, root } = tree();
    memory.number(root, 0);
    expect(rbNodes(memory.virtual, root)).toEqual({ nodes: [], problem: undefined });
  });

  it('leaves out a subtree that leads back into the tree', () => {
    const { memory, root, nodes, link } = tree();
    link(6, 4, 7);
    const walk = rbNodes(memory.virtual, root);
    expect(walk.nodes).toEqual(nodes.filter((_, n) => n !== 4));
    expect(walk.problem).toMatch(/is in it twice/);
  });

  it('leaves out a subtree that cannot be read', () => {
    const { memory, root, nodes, node } = tree();
    memory.number(addTo(node(2), 16), 0xdead_0000_0000_0000n);
    const walk = rbNodes(memory.virtual, root);
    expect(walk.nodes).toEqual(nodes.slice(1));
    expect(walk.problem).toMatch(/0xdead000000000000/);
  });

  it('visits no more nodes than it may, and goes no deeper than a tree can', () => {
    const { memory, root } = tree();
    expect(rbNodes(memory.virtual, root, 3).problem).toMatch(/over 3 nodes/);
    for (let n = 0; n < 100; n++)
      memory.number(memory.at(0x10010 + n * 64), n < 99 ? memory.at(0x10000 + (n + 1) * 64) : 0);
    memory.number(root, memory.at(0x10000));
    const walk = rbNodes(memory.virtual, root);
    expect(walk.nodes).toHaveLength(64);
    expect(walk.problem).toMatch(/deeper than 64/);
  });

  it('says that its root is not there', () => {
    const { memory } = tree();
    const walk = rbNodes(memory.virtual, memory.at(0x900000));
    expect(walk.nodes).toEqual([]);
    expect(walk.problem).toBeDefined();
  });
});
