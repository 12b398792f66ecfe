import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DumpError } from '../bytes/errors.ts';
import { decompressSnappy } from './snappy.ts';

type Element = { literal: Uint8Array } | { distance: number; length: number; bytes: 1 | 2 | 4 };

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(Math.floor(value / 128))];
}

/** Writes elements as a snappy block; what it decompresses to is the other result. */
function encode(elements: readonly Element[]): { input: Uint8Array; output: Uint8Array } {
  const body: number[] = [];
  const output: number[] = [];
  for (const element of elements) {
    if ('literal' in element) {
      const count = element.literal.length - 1;
      if (count < 0) continue;
      if (count < 60) body.push(count << 2);
      else if (count < 256) body.push(60 << 2, count);
      else body.push(61 << 2, count & 0xff, count >> 8);
      body.push(...element.literal);
      output.push(...element.literal);
      continue;
    }
    const distance = Math.min(element.distance, output.length, element.bytes === 1 ? 2047 : 65_535);
    if (distance === 0) continue;
    const length = element.bytes === 1 ? 4 + (element.length % 8) : element.length;
    if (element.bytes === 1) body.push(1 | ((length - 4) << 2) | ((distance >> 8) << 5), distance & 0xff);
    else body.push((element.bytes === 2 ? 2 : 3) | ((length - 1) << 2), distance & 0xff, distance >> 8);
    if (element.bytes === 4) body.push(0, 0);
    for (let n = 0; n < length; n++) output.push(output[output.length - distance] as number);
  }
  return { input: Uint8Array.from([...varint(output.length), ...body]), output: Uint8Array.from(output) };
}

const element: fc.Arbitrary<Element> = fc.oneof(
  fc.record({ literal: fc.uint8Array({ maxLength: 400 }) }),
  fc.record({
    distance: fc.integer({ min: 1, max: 3000 }),
    length: fc.integer({ min: 1, max: 64 }),
    bytes: fc.constantFrom<1 | 2 | 4>(1, 2, 4),
  }),
);

describe('decompressSnappy', () => {
  it('undoes what a writer of its elements wrote', () => {
    fc.assert(
      fc.property(fc.array(element, { maxLength: 30 }), (elements) => {
        const { input, output } = encode(elements);
        const room = new Uint8Array(output.length);
        expect(decompressSnappy(input, room)).toBe(output.length);
        expect(Buffer.compare(room, output)).toBe(0);
      }),
    );
  });

  it('ends with an error or a result on damaged data', () => {
    fc.assert(
      fc.property(
        fc.array(element, { maxLength: 6 }),
        fc.uint8Array({ maxLength: 40 }),
        fc.nat(),
        (elements, junk, at) => {
          const { input } = encode(elements);
          const start = at % input.length;
          input.set(junk.subarray(0, input.length - start), start);
          for (const bytes of [input, input.subarray(0, start), junk]) {
            const room = new Uint8Array(4096 + 8).fill(0xee);
            try {
              expect(decompressSnappy(bytes, room.subarray(0, 4096))).toBeLessThanOrEqual(4096);
            } catch (error) {
              expect(error).toBeInstanceOf(DumpError);
            }
            expect(room.subarray(4096)).toEqual(new Uint8Array(8).fill(0xee));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each([
    ['nothing', [], 'ends early'],
    ['more than there is room for', [0xff, 0xff, 3, 0], 'room is for 64'],
    ['a length without end', [0x80, 0x80, 0x80, 0x80, 0x80, 0], 'more than five bytes'],
    ['a copy from before the start', [8, 0, 1, 0x11, 9], 'Snappy copies 8 bytes from -8 to 1'],
    ['fewer bytes than it says', [8, 0, 1], 'ends after 1 of 8 bytes'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decompressSnappy(Uint8Array.from(bytes), new Uint8Array(64))).toThrow(message);
  });
});
