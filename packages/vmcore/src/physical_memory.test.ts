import { describe, expect, it } from 'vitest';
import { FlatMemory } from '../test/flat_memory.ts';
import { readPhysical } from './physical_memory.ts';

describe('readPhysical', () => {
  const memory = new FlatMemory();
  memory.put(0x1ffe, Uint8Array.of(1, 2, 3, 4));

  it('reads across pages', () => {
    expect(readPhysical(memory, 0x1ffe, 4)).toEqual(Uint8Array.of(1, 2, 3, 4));
    expect(readPhysical(memory, 0x1fff, 0x1001)).toHaveLength(0x1001);
  });

  it('lends the page where that is enough', () => {
    expect(readPhysical(memory, 0x1ffe, 2).buffer).toBe((memory.page(1) as Uint8Array).buffer);
  });

  it('says which part the dump lacks, and why', () => {
    expect(() => readPhysical(memory, 0x2ffe, 4)).toThrow(
      'Physical memory at 0x3000 was left out of the dump',
    );
    memory.absence = 'cut-off';
    expect(() => readPhysical(memory, 0, 1)).toThrow(
      'Physical memory at 0x0 lies in a part of the dump that is missing',
    );
  });
});
