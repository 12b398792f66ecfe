import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemorySource } from '../../test/memory_source.ts';
import { FrameBitmap } from './frame_bitmap.ts';

describe('FrameBitmap', () => {
  it('counts as a plain loop does', () => {
    const runs = fc.array(fc.tuple(fc.nat(40_000), fc.nat(600)), { maxLength: 20 });
    fc.assert(
      fc.property(
        runs,
        fc.integer({ min: 1, max: 70_000 }),
        fc.array(fc.nat(75_000)),
        (set, frames, asked) => {
          const bits = new Uint8Array(Math.ceil(frames / 8));
          for (const [start, length] of set) {
            for (let frame = start; frame < Math.min(start + length, frames); frame++) {
              bits[frame >> 3] = (bits[frame >> 3] as number) | (1 << (frame & 7));
            }
          }
          const file = new Uint8Array(100 + bits.length);
          file.set(bits, 100);
          const bitmap = new FrameBitmap(new MemorySource(file), 100, bits.length, frames);
          const before = [0];
          for (let frame = 0; frame < 80_000; frame++) {
            const bit = frame < frames ? ((bits[frame >> 3] as number) >> (frame & 7)) & 1 : 0;
            before.push((before[frame] as number) + bit);
          }
          for (const frame of [...asked, frames - 1, frames]) {
            expect(bitmap.rank(frame)).toBe(before[frame]);
            expect(bitmap.has(frame)).toBe(before[frame + 1] !== before[frame]);
            const next = before.findIndex((count, at) => at > frame && count !== before[frame]);
            expect(bitmap.next(frame)).toBe(next < 0 ? frames : next - 1);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('takes what lies after the end of the file as clear', () => {
    const bitmap = new FrameBitmap(new MemorySource(new Uint8Array(10).fill(0xff)), 8, 4096, 32768);
    expect([bitmap.has(15), bitmap.has(16), bitmap.rank(32768)]).toEqual([true, false, 16]);
    const nothing = new FrameBitmap(new MemorySource(new Uint8Array(10)), 100, 4096, 32768);
    expect([nothing.has(0), nothing.rank(5)]).toEqual([false, 0]);
  });

  it('reads no more of a 64 GB machine than it is asked for', () => {
    const frames = 16 << 20;
    const source = new MemorySource(new Uint8Array(frames / 8).fill(0x55));
    const bitmap = new FrameBitmap(source, 0, frames / 8, frames);
    expect(source.bytesRead).toBe(0);
    bitmap.rank(100_000);
    expect(source.bytesRead).toBeLessThan(5 * 4096);
    expect(bitmap.rank(frames)).toBe(frames / 2);
  });
});
