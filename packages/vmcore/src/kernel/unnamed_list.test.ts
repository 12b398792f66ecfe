import { describe, expect, it } from 'vitest';
import { PiecewiseMemory } from '../../test/piecewise_memory.ts';
import { type VirtualAddress, virtualAddress } from '../bytes/address.ts';
import { listAround } from './unnamed_list.ts';

const OBJECTS = [1n, 2n, 3n].map((n) => virtualAddress(0xffff_8880_0000_0000n + n * 0x1000n));
const HEAD = virtualAddress(0xffff_ffff_8200_0000n);

function ring(nodes: readonly VirtualAddress[]): PiecewiseMemory {
  const memory = new PiecewiseMemory();
  nodes.forEach((node, n) => {
    const links = new BigUint64Array([
      nodes[(n + 1) % nodes.length] ?? 0n,
      nodes[(n + nodes.length - 1) % nodes.length] ?? 0n,
    ]);
    memory.add(node, new Uint8Array(links.buffer));
  });
  return memory;
}

describe('a list whose head has no name', () => {
  it('starts behind the node that lies in the kernel image', () => {
    const memory = ring([HEAD, ...OBJECTS]);
    for (const node of OBJECTS) {
      expect(listAround(memory, node)).toEqual({ nodes: OBJECTS, problem: undefined });
    }
  });

  it('is none without a head, or with two', () => {
    const [first] = OBJECTS as [VirtualAddress];
    expect(listAround(ring(OBJECTS), first)).toEqual({
      nodes: [],
      problem: 'The list through 0xffff888000001000 has 0 heads',
    });
    const two = ring([HEAD, ...OBJECTS, virtualAddress(HEAD + 64n)]);
    expect(listAround(two, first).problem).toMatch(/has 2 heads/);
  });

  it('that is damaged gives what both ends lead to', () => {
    const [first, second, third] = OBJECTS as [VirtualAddress, VirtualAddress, VirtualAddress];
    const memory = ring([HEAD, ...OBJECTS]);
    memory.add(second, new Uint8Array(8));
    const { nodes, problem } = listAround(memory, first);
    expect(nodes).toEqual([first, second, third]);
    expect(problem).toMatch(/breaks off/);
  });
});
