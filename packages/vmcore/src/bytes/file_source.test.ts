import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { FileSource } from './file_source.node.ts';

const folder = mkdtempSync(join(tmpdir(), 'file-source-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('FileSource', () => {
  const path = join(folder, 'dump');
  writeFileSync(
    path,
    Uint8Array.from({ length: 100 }, (_, n) => n),
  );

  it('reads any range of the file, and nothing else', () => {
    const source = new FileSource(path);
    expect(source.size).toBe(100);
    expect(source.read(10, 3)).toEqual(Uint8Array.of(10, 11, 12));
    expect(source.read(100, 0)).toEqual(new Uint8Array(0));
    expect(() => source.read(90, 11)).toThrow(`Wanted bytes [0x5a, 0x65) of ${path}, which ends at 0x64`);
    expect(() => source.read(-1, 1)).toThrow('Wanted bytes');
    source.close();
    expect(() => source.read(0, 1)).toThrow(`Cannot read ${path} at 0x0`);
  });

  it('reads ranges of a file of many blocks, in any order', () => {
    const long = join(folder, 'long');
    // Words that count: 6 MB, which is more than the blocks that are kept.
    const words = Uint32Array.from({ length: 3 << 19 }, (_, n) => n);
    writeFileSync(long, words);
    const source = new FileSource(long);
    for (let n = 0; n < 300; n++) {
      const first = (n * 48_271 * 97) % (words.length - 4000);
      const bytes = source.read(first * 4, ((n % 4000) + 1) * 4);
      expect(Buffer.compare(bytes, new Uint8Array(words.buffer, first * 4, bytes.length))).toBe(0);
    }
    source.close();
  });

  it('says when the file became shorter', () => {
    const shorter = join(folder, 'shorter');
    writeFileSync(shorter, new Uint8Array(100));
    const source = new FileSource(shorter);
    truncateSync(shorter, 50);
    expect(() => source.read(40, 20)).toThrow('ended at 0x32 while it was read');
    source.close();
  });

  it('names a file that it cannot open', () => {
    const missing = join(folder, 'missing');
    expect(() => new FileSource(missing)).toThrow(`Cannot open ${missing}`);
  });
});
