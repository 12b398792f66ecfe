import { expect, it } from 'vitest';
import { FrameSet } from './kdump_writer_bitmap.ts';

const BLOCK = 4096 * 8;

it('has the frames that were set, of blocks that are full and of others', () => {
  const set = new FrameSet();
  set.add(3, 5);
  set.add(BLOCK, 4 * BLOCK);
  // Frames that are set already stay so, and no other full block gets more.
  set.add(2 * BLOCK + 7, 2 * BLOCK + 9);
  set.add(4 * BLOCK + 1, 4 * BLOCK + 2);
  const frames: number[] = [];
  set.forEach((frame) => {
    frames.push(frame);
  });
  expect(frames).toEqual([3, 4, ...Array.from({ length: 3 * BLOCK }, (_, n) => BLOCK + n), 4 * BLOCK + 1]);
  expect(set.frameLimit).toBe(4 * BLOCK + 2);
});

it('takes no memory for blocks that are full', () => {
  const set = new FrameSet();
  const before = process.memoryUsage().arrayBuffers;
  // 4 TB: 128 MB of bits.
  set.add(0, 2 ** 30);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
});
