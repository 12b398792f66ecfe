import { describe, expect, it } from 'vitest';
import { FakeMemory } from '../../test/fake_dump.ts';
import { virtualAddress } from '../bytes/address.ts';
import { hlistNodes, listNodes } from './list.ts';

function ring() {
  const memory = new FakeMemory();
  const head = memory.at(0x100);
  const nodes = [1, 2, 3, 4, 5].map((n) => memory.at(0x1000 * n));
  memory.list(head, nodes);
  return { memory, head, nodes };
}

describe('list_head', () => {
  it('gives the nodes of a sound list in order', () => {
    const { memory, head, nodes } = ring();
    expect(listNodes(memory.virtual, head)).toEqual({ nodes, problem: undefined });
  });

  it('is empty where the head points at itself', () => {
    const { memory, head } = ring();
    memory.list(head, []);
    expect(listNodes(memory.virtual, head)).toEqual({ nodes: [], problem: undefined });
  });

  it('walks from the other end where a link points nowhere', () => {
    const { memory, head, nodes } = ring();
    memory.number(nodes[2] as bigint, 0xdead_0000_0000_0100n);
    const walk = listNodes(memory.virtual, head);
    expect(walk.nodes).toEqual(nodes);
    expect(walk.problem).toMatch(/breaks off after 3 nodes.*0xdead000000000100/);
  });

  it('stops at a circle that misses the head', () => {
    const { memory, head, nodes } = ring();
    memory.number(nodes[3] as bigint, nodes[1] as bigint);
    const walk = listNodes(memory.virtual, head);
    expect(walk.nodes).toEqual(nodes);
    expect(walk.problem).toMatch(/circle after 4 nodes/);
  });

  it('follows no more links than it may', () => {
    const { memory, head, nodes } = ring();
    const walk = listNodes(memory.virtual, head, 3);
    expect(walk.nodes).toEqual(nodes.slice(0, 3));
    expect(walk.problem).toMatch(/over 3 nodes/);
  });

  it('gives nothing, and the reason, where the head is not there', () => {
    const { memory } = ring();
    const walk = listNodes(memory.virtual, virtualAddress(0x1234n));
    expect(walk.nodes).toEqual([]);
    expect(walk.problem).toMatch(/breaks off after 0 nodes/);
  });
});

describe('hlist', () => {
  it('ends at NULL and at an odd value', () => {
    const { memory, head, nodes } = ring();
    memory.number(nodes[1] as bigint, 0);
    expect(hlistNodes(memory.virtual, head)).toEqual({ nodes: nodes.slice(0, 2), problem: undefined });
    memory.number(nodes[1] as bigint, 7);
    expect(hlistNodes(memory.virtual, head)).toEqual({ nodes: nodes.slice(0, 2), problem: undefined });
  });

  it('stops at a circle', () => {
    const { memory, head, nodes } = ring();
    expect(hlistNodes(memory.virtual, head)).toEqual({
      nodes,
      problem: expect.stringMatching(/circle after 5 nodes/),
    });
  });
});
