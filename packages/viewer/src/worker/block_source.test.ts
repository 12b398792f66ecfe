import { describe, expect, it } from 'vitest';
import { BlockSource } from './block_source.ts';

const BLOCK = 1024 * 1024;

function pattern(size: number) {
  const file = new Uint8Array(size).fill(7);
  for (let n = 0; n < size; n += 97) file[n] = n >> 5;
  const reads: [number, number][] = [];
  const source = new BlockSource('core', size, (offset, length) => {
    reads.push([offset, length]);
    return file.slice(offset, offset + length);
  });
  return { file, reads, source };
}

describe('a file in blocks', () => {
  it('gives the bytes of any range', () => {
    const { file, source } = pattern(3 * BLOCK + 17);
    for (const [offset, length] of [
      [0, 1],
      [BLOCK - 3, 6],
      [5, 3 * BLOCK],
      [3 * BLOCK, 17],
      [0, 0],
    ] as const) {
      const read = Buffer.from(source.read(offset, length));
      expect(read.equals(file.subarray(offset, offset + length))).toBe(true);
    }
  });

  it('reads a block once, and the last one only as far as the file goes', () => {
    const { reads, source } = pattern(BLOCK + 10);
    for (let n = 0; n < 100; n++) source.read(n * 8, 8);
    source.read(BLOCK, 10);
    expect(reads).toEqual([
      [0, BLOCK],
      [BLOCK, 10],
    ]);
  });

  it('keeps no more than 96 MiB, those used last', () => {
    const { reads, source } = pattern(100 * BLOCK);
    for (let n = 0; n < 97; n++) {
      source.read(n * BLOCK, 1);
      source.read(0, 1);
    }
    expect(reads.length).toBe(97);
    source.read(1 * BLOCK, 1);
    expect(reads.length).toBe(98);
  });

  it('says where a range lies outside of the file', () => {
    const { source } = pattern(100);
    expect(() => source.read(96, 8)).toThrow('Wanted bytes [0x60, 0x68) of core, which ends at 0x64');
  });
});
