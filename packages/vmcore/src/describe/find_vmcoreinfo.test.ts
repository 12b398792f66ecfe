import { describe, expect, it } from 'vitest';
import { utf8Bytes } from '../bytes/text.ts';
import type { PhysicalMemory } from '../physical_memory.ts';
import { findVmcoreinfo } from './find_vmcoreinfo.ts';

/** All memory of the x86_64 address space, of which one page is the text. */
function everywhere(textFrame: number) {
  const zeros = new Uint8Array(4096);
  const text = new Uint8Array(4096);
  text.set(utf8Bytes('OSRELEASE=6.1.0-test\nPAGESIZE=4096\n'));
  const memory = {
    pageSize: 4096,
    frameLimit: 2 ** 40,
    reads: 0,
    page(frame: number) {
      memory.reads++;
      return frame === textFrame ? text : zeros;
    },
    nextHeld: (frame: number) => frame,
  };
  return memory satisfies PhysicalMemory;
}

describe('a search for VMCOREINFO', () => {
  it('finds the page that starts like it, and asks whether it is right', () => {
    expect(findVmcoreinfo(everywhere(900), 24_000, () => true)?.osRelease).toBe('6.1.0-test');
    expect(findVmcoreinfo(everywhere(900), 24_000, () => false)).toBeUndefined();
  });

  // 60,000 program headers that name the same megabyte are 60 GB of memory in a file of 4 MB.
  it('looks at no more pages than the file can describe', () => {
    const memory = everywhere(1001);
    expect(findVmcoreinfo(memory, 24_000, () => true)).toBeUndefined();
    expect(memory.reads).toBe(1000);
  });
});
