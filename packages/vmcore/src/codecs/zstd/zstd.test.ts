import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ZSTD_SAMPLES } from '../../../test/zstd_samples.ts';
import { DumpError } from '../../bytes/errors.ts';
import { zstdDecompressor } from './zstd.ts';

const fixture = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../../test/fixtures/zstd/${name}.zst`, import.meta.url)));
const names = Object.keys(ZSTD_SAMPLES);

describe('zstdDecompressor', () => {
  const decompress = zstdDecompressor();

  it.each(names)('reads %s as zstd wrote it', (name) => {
    const expected = (ZSTD_SAMPLES[name] as () => Uint8Array)();
    const output = new Uint8Array(expected.length);
    expect(decompress(fixture(name), output)).toBe(expected.length);
    expect(Buffer.compare(output, expected)).toBe(0);
  });

  it('keeps nothing from one frame to the next', () => {
    // 'blocks' leaves tables behind that a block of 'words' must not use.
    for (const name of ['blocks-19', 'words-page-19', 'pointers-page-3', 'words-page-19']) {
      const expected = (ZSTD_SAMPLES[name] as () => Uint8Array)();
      const output = new Uint8Array(expected.length);
      decompress(fixture(name), output);
      expect(Buffer.compare(output, expected)).toBe(0);
    }
  });

  it('writes no more than there is room for', () => {
    for (const name of names.filter((each) => each.includes('page') || each.includes('blocks'))) {
      const whole = new Uint8Array(4096 + 8).fill(0xee);
      expect(() => decompress(fixture(name), whole.subarray(0, 4000))).toThrow('more than the 4000 bytes');
      expect(whole.subarray(4000)).toEqual(new Uint8Array(104).fill(0xee));
    }
  });

  it('ends with an error or a result on damaged data', () => {
    const input = fc.constantFrom(...names.filter((name) => !name.startsWith('blocks'))).map(fixture);
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(input, damage, fc.nat(), (bytes, changes, cut) => {
        const damaged = bytes.slice(0, changes.length % 2 === 0 ? bytes.length : cut % (bytes.length + 1));
        for (const [at, value] of changes) if (damaged.length > 0) damaged[at % damaged.length] = value;
        const room = new Uint8Array(4096 + 64).fill(0xee);
        try {
          expect(decompress(damaged, room.subarray(0, 4096))).toBeLessThanOrEqual(4096);
        } catch (error) {
          expect(error).toBeInstanceOf(DumpError);
        }
        expect(room.subarray(4096)).toEqual(new Uint8Array(64).fill(0xee));
      }),
      { numRuns: 1000 },
    );
  });

  it('refuses a number of sequences that goes on past its block, whatever was there before', () => {
    decompress(fixture('words-page-19'), new Uint8Array(4096));
    const block = [4 << 3, 1, 2, 3, 4, 0x80];
    const frame = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 4, (block.length << 3) | 5, 0, 0, ...block];
    expect(() => decompress(Uint8Array.from(frame), new Uint8Array(8))).toThrow('its number of sequences');
  });

  it('refuses what is no frame', () => {
    expect(() => decompress(new Uint8Array(0), new Uint8Array(8))).toThrow('0 bytes that are no frame');
    expect(() => decompress(new Uint8Array(20), new Uint8Array(8))).toThrow('20 bytes that are no frame');
  });
});
