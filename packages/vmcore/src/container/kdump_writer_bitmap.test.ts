import { expect, it } from 'vitest';
import { FileInMemory } from '../../test/file_in_memory.ts';
import { FrameSet } from './kdump_writer_bitmap.ts';

const BLOCK = 4096 * 8;

/** The frames whose bits are written. */
function framesOf(set: FrameSet): number[] {
  const file = new FileInMemory();
  set.write(file, 0);
  const frames: number[] = [];
  file.bytes.forEach((byte, at) => {
    for (let bit = 0; bit < 8; bit++) if (((byte >> bit) & 1) === 1) frames.push(at * 8 + bit);
  });
  return frames;
}

it('has the frames that were set, of blocks that are full and of others', () => {
  const set = new FrameSet();
  set.add(3, 5);
  set.add(BLOCK, 4 * BLOCK);
  // Frames that are set already stay so, and no other full block gets more.
  set.add(2 * BLOCK + 7, 2 * BLOCK + 9);
  set.add(4 * BLOCK + 1, 4 * BLOCK + 2);
  expect(framesOf(set)).toEqual([
    3,
    4,
    ...Array.from({ length: 3 * BLOCK }, (_, n) => BLOCK + n),
    4 * BLOCK + 1,
  ]);
  expect(set.frameLimit).toBe(4 * BLOCK + 2);
});

it('sets the bits of any run, and no others', () => {
  for (let from = 0; from < 20; from++)
    for (let end = from; end < 40; end++) {
      const set = new FrameSet();
      set.add(BLOCK + from, BLOCK + end);
      expect(framesOf(set)).toEqual(Array.from({ length: end - from }, (_, n) => BLOCK + from + n));
    }
});

it('takes no memory for blocks that are full', () => {
  const set = new FrameSet();
  const before = process.memoryUsage().arrayBuffers;
  // 4 TB: 128 MB of bits.
  set.add(0, 2 ** 30);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
});
