import { describe, expect, it } from 'vitest';
import { FakeKernel } from '../../test/fake_kernel.ts';
import { addTo } from '../bytes/address.ts';
import { readTaint, taintFlags } from './taint.ts';

/** The first flags of a kernel, and one that is not known elsewhere. */
const TABLE: readonly (readonly [string, string, number])[] = [
  ['P', 'G', 1],
  ['F', ' ', 1],
  ['S', ' ', 0],
  ['Y', ' ', 1],
];

function kernel(mask: bigint, own: boolean) {
  const fake = new FakeKernel();
  fake.variable('tainted_mask', 'u64', mask);
  if (own) {
    fake.struct('taint_flag', { c_true: 'char', c_false: 'char', module: 'u8', desc: 'ptr' });
    const size = fake.size('taint_flag');
    const table = fake.allocate(size * 8);
    TABLE.forEach(([on, off, module], n) => {
      const at = addTo(table, n * size);
      fake.memory.bytes(at, [on.charCodeAt(0), off.charCodeAt(0), module]);
      fake.set('taint_flag', at, 'desc', `WORD_${on}`);
    });
    fake.variables.taint_flags = table;
  }
  return fake.dump();
}

describe('taint', () => {
  it.each([
    // As real kernels print these masks, with a place for each flag.
    [0x3000n, 'Tainted: G           OE', 'OE'],
    [0x1n, 'Tainted: P', 'P'],
    [0x1200n, 'Tainted: G        W  O', 'WO'],
  ])('is spelled as kernels print %s', (mask, text, letters) => {
    expect(readTaint(kernel(mask, false))).toEqual({ mask, text: text.padEnd(28), letters, words: '' });
  });

  it('says where there is none', () => {
    expect(readTaint(kernel(0n, false))).toEqual({ mask: 0n, text: 'Not tainted', letters: '', words: '' });
  });

  it('uses the letters of the kernel itself', () => {
    const dump = kernel(0x8n, true);
    expect(taintFlags(dump).map(({ letter, ofModules }) => [letter, ofModules])).toEqual([
      ['P', true],
      ['F', true],
      ['S', false],
      ['Y', true],
    ]);
    expect(readTaint(dump)).toMatchObject({ text: 'Tainted: G  Y', words: '[Y]=WORD_Y' });
  });
});
