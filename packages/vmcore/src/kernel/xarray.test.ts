import { describe, expect, it } from 'vitest';
import { FakeKernel } from '../../test/fake_kernel.ts';
import { addTo } from '../bytes/address.ts';
import { idrEntries } from './idr.ts';
import { xarrayEntries } from './xarray.ts';

const SLOTS = 4;

function kernel() {
  const fake = new FakeKernel();
  fake.struct('xa_node', { shift: 'u8', offset: 'u8', count: 'u8', parent: 'ptr', slots: `ptr[${SLOTS}]` });
  fake.struct('xarray', { xa_lock: 'int', xa_flags: 'int', xa_head: 'ptr' });
  fake.struct('idr', { idr_rt: 'xarray', idr_base: 'int', idr_next: 'int' });
  const node = (shift: number, slots: readonly bigint[]) => {
    const at = fake.object('xa_node', { shift });
    slots.forEach((slot, n) => {
      fake.memory.number(addTo(at, fake.offset('xa_node', 'slots') + n * 8), slot);
    });
    return at;
  };
  return { fake, node };
}

describe('xarray', () => {
  it('gives its entries by index, through two levels', () => {
    const { fake, node } = kernel();
    const low = node(0, [0x1000n, 0n, 0x1010n]);
    const high = node(0, [0n, 0n, 0n, 0x1020n]);
    const top = node(2, [low + 2n, 0n, high + 2n]);
    const xarray = fake.object('xarray', { xa_head: top + 2n });
    expect(xarrayEntries(fake.dump(), xarray)).toEqual({
      entries: [
        { index: 0, entry: 0x1000n },
        { index: 2, entry: 0x1010n },
        { index: 11, entry: 0x1020n },
      ],
      problem: undefined,
    });
  });

  it('holds one entry without a node, values, and no siblings', () => {
    const { fake, node } = kernel();
    const single = fake.object('xarray', { xa_head: 0x4000n });
    expect(xarrayEntries(fake.dump(), single).entries).toEqual([{ index: 0, entry: 0x4000n }]);
    const siblings = fake.object('xarray', { xa_head: node(0, [0x2001n, 2n, 0x402n]) + 2n });
    expect(xarrayEntries(fake.dump(), siblings).entries).toEqual([{ index: 0, entry: 0x2001n }]);
  });

  it('leaves out nodes that run in a circle or do not lie below their parent', () => {
    const { fake, node } = kernel();
    const leaf = node(0, [0x1000n]);
    const top = node(2, [leaf + 2n, leaf + 2n, 0n, 0n]);
    fake.memory.number(addTo(top, fake.offset('xa_node', 'slots') + 16), top + 2n);
    const xarray = fake.object('xarray', { xa_head: top + 2n });
    const walk = xarrayEntries(fake.dump(), xarray);
    expect(walk.entries).toEqual([{ index: 0, entry: 0x1000n }]);
    expect(walk.problem).toMatch(/in it twice/);
    fake.set('xa_node', leaf, 'shift', 2);
    expect(xarrayEntries(fake.dump(), xarray).problem).toMatch(/has shift 2, the one above it 2/);
  });

  it('leaves out a node that is not there', () => {
    const { fake, node } = kernel();
    const top = node(2, [0xdead_0000_0000_0002n, node(0, [0x1000n]) + 2n]);
    const walk = xarrayEntries(fake.dump(), fake.object('xarray', { xa_head: top + 2n }));
    expect(walk.entries).toEqual([{ index: 4, entry: 0x1000n }]);
    expect(walk.problem).toMatch(/dead000000000000/);
  });

  it('gives no more entries than it may', () => {
    const { fake, node } = kernel();
    const xarray = fake.object('xarray', { xa_head: node(0, [0x1000n, 0x1010n, 0x1020n]) + 2n });
    const walk = xarrayEntries(fake.dump(), xarray, 2);
    expect(walk.entries).toHaveLength(2);
    expect(walk.problem).toMatch(/over 2 entries/);
  });

  it('is what an IDR counts from its base', () => {
    const { fake, node } = kernel();
    const head = node(0, [0x1000n, 0x1010n]) + 2n;
    const idr = fake.object('idr', { 'idr_rt.xa_head': head, idr_base: 1 });
    expect(idrEntries(fake.dump(), idr).entries.map(({ index }) => index)).toEqual([1, 2]);
  });
});
