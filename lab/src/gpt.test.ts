import { describe, expect, it } from 'vitest';
import { layout, MIB, PARTUUID, partition, sfdiskScript } from './gpt.ts';

const sizes = { root: 64 * MIB, persist: 512 * MIB, lab: 32 * MIB };

describe('layout', () => {
  it('puts partitions one after the other, between the two tables', () => {
    const { partitions, diskSize } = layout(sizes);
    let end = MIB;
    for (const { offset, size } of partitions) {
      expect(offset).toBeGreaterThanOrEqual(end);
      end = offset + size;
    }
    expect(diskSize).toBe(end + MIB);
    expect(partition(layout(sizes), 'persist').size).toBe(512 * MIB);
  });

  it('refuses a size that is not whole MiBs', () => {
    expect(() => layout({ ...sizes, lab: 1000 })).toThrow(
      'partition lab has 1000 bytes; wanted a positive multiple',
    );
  });
});

describe('sfdiskScript', () => {
  it('names every partition by sectors of 512 bytes and its PARTUUID', () => {
    const where = layout(sizes);
    const script = sfdiskScript(where);
    const { offset } = partition(where, 'persist');
    expect(script).toContain(`start=${offset / 512}, size=1048576`);
    for (const uuid of Object.values(PARTUUID)) expect(script).toContain(`uuid=${uuid}`);
  });
});
