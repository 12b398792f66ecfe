import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { elfCore } from '../../test/elf_writer.ts';
import { kdumpFile } from '../../test/kdump_writer.ts';
import { MemorySource } from '../../test/memory_source.ts';
import { type PhysicalMemory, stretchAt } from '../physical_memory.ts';
import { openElf } from './elf.ts';
import { openKdump } from './kdump.ts';

const PAGE = 4096;
const FRAMES = 40;

/** Frames of which a stretch, or a copy, says something else than their pages do. */
function wrong(memory: PhysicalMemory, frames: number): string[] {
  const found: string[] = [];
  for (let frame = 0; frame < frames; ) {
    const { end, state, plain } = stretchAt(memory, frame);
    if (end <= frame) return [...found, `${frame} ends at ${end}`];
    for (let at = frame; at < Math.min(end, frames); at++) {
      const page = memory.page(at);
      const is = typeof page === 'string' ? page : 'held';
      if (is !== state) found.push(`${at} is ${is}, in a stretch that is ${state}`);
      const copy = new Uint8Array(PAGE).fill(0xee);
      const absence = memory.copyPage?.(at, copy);
      if (absence !== (typeof page === 'string' ? page : undefined))
        found.push(`${at} is ${absence} to copy`);
      if (typeof page !== 'string' && memory.copyPage && Buffer.compare(copy, page) !== 0)
        found.push(`${at} has another copy`);
      if (plain === undefined || typeof page === 'string') continue;
      const bytes = plain.source.read(plain.offset + (at - frame) * PAGE, PAGE);
      if (Buffer.compare(bytes, page) !== 0) found.push(`${at} lies elsewhere`);
    }
    frame = end;
  }
  return found;
}

const segment = fc.record({
  address: fc.oneof(
    fc.nat(30).map((frame) => frame * PAGE),
    fc.nat(30 * PAGE),
  ),
  length: fc.oneof(
    fc.nat(6).map((pages) => pages * PAGE),
    fc.nat(6 * PAGE),
  ),
  more: fc.oneof(fc.constant(0), fc.nat(3 * PAGE)),
});

describe('a stretch of frames', () => {
  it('in an ELF core is what its pages are, wherever segments begin and end', () => {
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 5 }), fc.nat(2 * PAGE), (segments, cut) => {
        const core = elfCore(
          segments.map(({ address, length, more }, n) => {
            return { address, bytes: new Uint8Array(length).fill(n + 1), memoryBytes: length + more };
          }),
        );
        const whole = openElf(new MemorySource(core)).memory;
        expect(wrong(whole, FRAMES)).toEqual([]);
        const shorter = core.subarray(0, Math.max(core.length - cut, 64 + 56 * (segments.length + 1)));
        expect(wrong(openElf(new MemorySource(shorter)).memory, FRAMES)).toEqual([]);
      }),
    );
  });

  it('in a kdump file is what its bitmaps say', () => {
    const frames = fc.uniqueArray(fc.nat(FRAMES - 1), { maxLength: FRAMES });
    fc.assert(
      fc.property(frames, frames, fc.constantFrom(1, 31), (held, excluded, dumpLevel) => {
        const pages = held.map((frame) => ({ frame, bytes: new Uint8Array(PAGE).fill(frame + 1) }));
        const file = kdumpFile({ frames: FRAMES, pages, excluded, dumpLevel });
        expect(wrong(openKdump([new MemorySource(file)]).memory, FRAMES + 10)).toEqual([]);
      }),
    );
  });
});
