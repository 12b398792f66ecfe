import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DumpError } from '../bytes/errors.ts';
import { decompressLzo } from './lzo.ts';

/** One step of a stream: literals, then a copy of earlier output. */
interface Step {
  literals: Uint8Array;
  distance: number;
  length: number;
}

/** A length whose first part has `bits` bits; zero bytes of 255 each and a last byte carry on a larger one. */
function lengthBytes(value: number, most: number): { first: number; rest: number[] } {
  if (value <= most) return { first: value, rest: [] };
  const rest: number[] = [];
  let left = value - most;
  for (; left > 255; left -= 255) rest.push(0);
  return { first: 0, rest: [...rest, left] };
}

/** Writes steps as LZO1X instructions; what they decompress to is the other result. */
function encode(steps: readonly Step[], tail: Uint8Array): { input: Uint8Array; output: Uint8Array } {
  const input: number[] = [];
  const output: number[] = [];
  // Where the last instruction keeps its count of literals to follow.
  let countAt = -1;
  const literals = (bytes: Uint8Array) => {
    output.push(...bytes);
    if (bytes.length === 0) return;
    if (countAt >= 0 && bytes.length <= 3) input[countAt] = (input[countAt] as number) | bytes.length;
    else if (countAt < 0 && bytes.length <= 238 && input.length === 0) input.push(17 + bytes.length);
    else {
      const { first, rest } = lengthBytes(bytes.length - 3, 15);
      input.push(first, ...rest);
    }
    input.push(...bytes);
  };
  for (const step of steps) {
    literals(step.literals);
    const distance = Math.min(step.distance, output.length);
    if (distance === 0) continue;
    countAt = encodeMatch(input, distance, step.length);
    for (let n = 0; n < step.length; n++) output.push(output[output.length - distance] as number);
  }
  literals(tail);
  input.push(17, 0, 0);
  return { input: Uint8Array.from(input), output: Uint8Array.from(output) };
}

/** Appends the shortest instruction for a copy; returns where its count of literals goes. */
function encodeMatch(input: number[], distance: number, length: number): number {
  if (length <= 8 && distance <= 2048) {
    input.push(((length - 1) << 5) | (((distance - 1) & 7) << 2), (distance - 1) >> 3);
    return input.length - 2;
  }
  const isFar = distance > 16384;
  const { first, rest } = lengthBytes(length - 2, isFar ? 7 : 31);
  const left = isFar ? distance - 16384 : distance - 1;
  input.push(isFar ? 16 | ((left >> 11) & 8) | first : 32 | first, ...rest);
  input.push((left << 2) & 0xff, (left >> 6) & 0xff);
  return input.length - 2;
}

describe('decompressLzo', () => {
  // A first run of fewer than 4 literals has no instruction of its own in this writer.
  const step = fc.record({
    literals: fc.oneof(fc.uint8Array({ maxLength: 3 }), fc.uint8Array({ minLength: 4, maxLength: 600 })),
    distance: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40_000 })),
    length: fc.oneof(fc.integer({ min: 3, max: 8 }), fc.integer({ min: 3, max: 6000 })),
  });

  it('undoes what a writer of its instructions wrote', () => {
    const firstLiterals = fc.uint8Array({ minLength: 4, maxLength: 300 });
    fc.assert(
      fc.property(
        firstLiterals,
        fc.array(step, { maxLength: 12 }),
        fc.uint8Array({ maxLength: 9 }),
        (first, steps, tail) => {
          const { input, output } = encode([{ literals: first, distance: 1, length: 3 }, ...steps], tail);
          const room = new Uint8Array(output.length);
          expect(decompressLzo(input, room)).toBe(output.length);
          expect(room).toEqual(output);
        },
      ),
    );
  });

  it('reads the two short copies, after few literals and after many', () => {
    const output = new Uint8Array(3000);
    // 2050 literals, a copy of 3 from 2049 back with one literal, a copy of 2 from 1 back, the end.
    const { first, rest } = lengthBytes(2047, 15);
    const many = Uint8Array.from({ length: 2050 }, (_, n) => n & 0xff);
    const input = Uint8Array.from([first, ...rest, ...many, 1, 0, 0x7a, 0, 0, 17, 0, 0]);
    expect(decompressLzo(input, output)).toBe(2056);
    expect([...output.subarray(2050, 2056)]).toEqual([1, 2, 3, 0x7a, 0x7a, 0x7a]);
  });

  it('ends with an error or a result on damaged data', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 3 }),
        fc.uint8Array({ maxLength: 60 }),
        fc.nat(),
        (steps, junk, at) => {
          const { input } = encode([{ literals: new Uint8Array(5), distance: 1, length: 3 }, ...steps], junk);
          input.set(junk.subarray(0, Math.max(0, input.length - (at % input.length))), at % input.length);
          for (const bytes of [input, input.subarray(0, at % input.length), junk]) {
            const room = new Uint8Array(4096 + 8).fill(0xee);
            try {
              expect(decompressLzo(bytes, room.subarray(0, 4096))).toBeLessThanOrEqual(4096);
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
    ['a copy from before the start', [21, 1, 2, 3, 4, 0x60, 1], 'copies 4 bytes from 9 back to 4'],
    ['literals past the input', [30, 1, 2], 'copies 13 bytes from 1 of 3'],
    ['no end', [21, 1, 2, 3, 4], 'ends early'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decompressLzo(Uint8Array.from(bytes), new Uint8Array(100))).toThrow(message);
  });
});
