import { constants, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ZSTD_SAMPLES } from '../../test/zstd_samples.ts';
import { DumpError } from '../bytes/errors.ts';
import { zlibDecompressor } from './inflate.ts';

const samples = Object.values(ZSTD_SAMPLES).map((make) => make());
const { Z_FIXED, Z_RLE, Z_HUFFMAN_ONLY, Z_DEFAULT_STRATEGY } = constants;

describe('zlibDecompressor', () => {
  const decompress = zlibDecompressor();

  it.each([0, 1, 6, 9])('undoes zlib at level %i with each of its strategies', (level) => {
    for (const strategy of [Z_DEFAULT_STRATEGY, Z_FIXED, Z_RLE, Z_HUFFMAN_ONLY]) {
      for (const sample of samples) {
        const output = new Uint8Array(sample.length);
        expect(decompress(deflateSync(sample, { level, strategy }), output)).toBe(sample.length);
        expect(Buffer.compare(output, sample)).toBe(0);
      }
    }
  });

  it('undoes zlib on anything', () => {
    const few = fc
      .array(fc.constantFrom(0, 1, 0xff, 0x61), { maxLength: 3000 })
      .map((list) => Uint8Array.from(list));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 3000 }), few), (bytes) => {
        const output = new Uint8Array(bytes.length);
        expect(decompress(deflateSync(bytes), output)).toBe(bytes.length);
        expect(Buffer.compare(output, bytes)).toBe(0);
      }),
    );
  });

  it('writes no more than there is room for', () => {
    for (const sample of samples.filter((each) => each.length > 4000)) {
      const whole = new Uint8Array(4096 + 8).fill(0xee);
      expect(() => decompress(deflateSync(sample), whole.subarray(0, 4000))).toThrow(DumpError);
      expect(whole.subarray(4000)).toEqual(new Uint8Array(104).fill(0xee));
    }
  });

  it('ends with an error or the right bytes on damaged data', () => {
    const pages = samples.filter((sample) => sample.length <= 4096);
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(fc.constantFrom(...pages), damage, fc.nat(), (sample, changes, cut) => {
        const whole = new Uint8Array(deflateSync(sample));
        const damaged = whole.slice(0, changes.length % 2 === 0 ? whole.length : cut % (whole.length + 1));
        for (const [at, value] of changes) if (damaged.length > 0) damaged[at % damaged.length] = value;
        const room = new Uint8Array(4096 + 64).fill(0xee);
        try {
          const length = decompress(damaged, room.subarray(0, 4096));
          // The checksum makes anything else all but impossible.
          expect(Buffer.compare(room.subarray(0, length), sample)).toBe(0);
        } catch (error) {
          expect(error).toBeInstanceOf(DumpError);
        }
        expect(room.subarray(4096)).toEqual(new Uint8Array(64).fill(0xee));
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['nothing', [], 'the end came too early'],
    ['no zlib stream', [1, 2, 3, 4], 'no zlib header'],
    ['a reserved block', [0x78, 0x9c, 0x07], 'a block of a reserved type'],
    ['a stored block whose lengths differ', [0x78, 0x9c, 1, 1, 0, 1, 0], 'whose two lengths differ'],
    ['a wrong checksum', [0x78, 0x9c, 3, 0, 0, 0, 0, 2], 'a checksum that 0 bytes do not have'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decompress(Uint8Array.from(bytes), new Uint8Array(100))).toThrow(message);
  });
});
