import { describe, expect, it } from 'vitest';
import { FAKE_BASE, FakeMemory } from '../../test/fake_dump.ts';
import { rangeWalker } from './classification.ts';

/** The machine of `FakeMemory`. */
const FRAMES = 1 << 20;

describe('a walker of ranges', () => {
  const fake = new FakeMemory();
  for (const frame of [2, 3, 5]) fake.number(FAKE_BASE + BigInt(frame * 4096), 1);
  const walker = () => rangeWalker({ physical: fake.virtual.physical, memory: fake.virtual });
  const range = (first: number, end: number) =>
    [FAKE_BASE + BigInt(first * 4096), FAKE_BASE + BigInt(end * 4096)] as const;

  it('gives the frames that are mapped, those in part too', () => {
    const framesAt = walker();
    expect([...framesAt(...range(0, 100))]).toEqual([2, 3, 5]);
    expect([...framesAt(FAKE_BASE + 0x2fffn, FAKE_BASE + 0x3001n)]).toEqual([2, 3]);
    expect([...framesAt(...range(5, 2))]).toEqual([]);
  });

  // Seen with one byte damaged: a vmap_area.va_end took ten seconds.
  it('does not walk a range that no kernel can have, and goes on with others', () => {
    const framesAt = walker();
    expect(() => [...framesAt(FAKE_BASE, 0xffff_ffff_ffff_f000n)]).toThrow(
      /^The range \[0xffff888000000000, 0xfffffffffffff000\) has 32078036991 pages/,
    );
    expect([...framesAt(...range(0, 10))]).toEqual([2, 3, 5]);
  });

  it('walks no more than twice the memory, in however many ranges', () => {
    const framesAt = walker();
    let walked = 0;
    const walk = () => {
      for (; walked < 100; walked++)
        framesAt(...range(0, FRAMES / 4))
          [Symbol.iterator]()
          .next();
    };
    expect(walk).toThrow(/more than the kernel can have in use/);
    expect(walked).toBe(9);
  });
});
