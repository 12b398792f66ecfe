import { describe, expect, it } from 'vitest';
import { MemorySource } from '../../packages/vmcore/test/memory_source.ts';
import { Overlay } from './overlay.ts';
import { Random } from './random.ts';

describe('Overlay', () => {
  it('reads as a copy of the file does to which the same was done', () => {
    const random = new Random(5);
    const base = random.bytes(20_000);
    const overlay = new Overlay(new MemorySource(base));
    let model = new Uint8Array(base);
    for (let n = 0; n < 400; n++) {
      if (random.chance(3)) {
        const size = random.below(model.length);
        overlay.truncate(size);
        model = model.slice(0, size);
      } else {
        const at = random.below(model.length + 5000);
        const bytes = random.bytes(random.below(6000));
        overlay.write(at, bytes);
        const longer = new Uint8Array(Math.max(model.length, at + bytes.length));
        longer.set(model);
        longer.set(bytes, at);
        model = longer;
      }
      expect(overlay.size).toBe(model.length);
      const from = random.below(model.length);
      const length = random.below(model.length - from);
      expect(Buffer.compare(overlay.read(from, length), model.subarray(from, from + length))).toBe(0);
    }
    expect(() => overlay.read(model.length - 1, 2)).toThrow('Wanted bytes');
  });

  it('leaves the file as it is', () => {
    const base = new Uint8Array(100);
    new Overlay(new MemorySource(base)).write(10, Uint8Array.of(1, 2, 3));
    expect(base.every((byte) => byte === 0)).toBe(true);
  });
});
