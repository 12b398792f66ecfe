import { describe, expect, it } from 'vitest';
import { FakeKernel } from '../../test/fake_kernel.ts';
import { pageLayout } from './page_layout.ts';

describe('the layout of a struct page', () => {
  // With damaged BTF a pass over the memory map went on for ever, no struct page at a time.
  it.each([4096, 520, 0])('is none of %d bytes', (size) => {
    const kernel = new FakeKernel();
    kernel.struct('page', size === 0 ? {} : { flags: `u64[${size / 8}]` });
    expect(() => pageLayout(kernel.dump())).toThrow(
      `BTF has a struct page of ${size} bytes: wanted 8 to 512`,
    );
  });
});
