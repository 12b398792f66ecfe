import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NO_SCRUBBING, SCRUBBED, ScrubRanges } from './scrub.ts';

const PAGE = 4096;

test('overwrites ranges, also over the seam of two pages', () => {
  const ranges = new ScrubRanges(PAGE);
  ranges.add('keys', 3 * PAGE - 2, 5);
  ranges.add('keys', 2 * PAGE + 10, 1);
  ranges.add('socket buffers', 2 * PAGE, 0);
  const page = new Uint8Array(PAGE).fill(7);
  const overwritten = (frame: number) => {
    const own = page.slice();
    ranges.overwrite(frame, own);
    return own;
  };
  const both = new Uint8Array(3 * PAGE).fill(7);
  ranges.overwrite(1, both);
  expect(both.subarray(0, PAGE)).toEqual(page);
  expect([both.subarray(PAGE, 2 * PAGE), both.subarray(2 * PAGE)]).toEqual([overwritten(2), overwritten(3)]);
  const second = overwritten(2);
  expect([...second.keys()].filter((at) => second[at] === SCRUBBED)).toEqual([10, PAGE - 2, PAGE - 1]);
  const third = overwritten(3);
  expect([...third.keys()].filter((at) => third[at] === SCRUBBED)).toEqual([0, 1, 2]);
  expect(ranges.bytes).toBe(6);
  expect(ranges.owners).toEqual(new Map([['keys', 2]]));
});

test('says which frames have anything to overwrite, in whatever order it is asked', () => {
  const ranges = new ScrubRanges(PAGE);
  for (const frame of [9, 2, 3, 40]) ranges.add('keys', frame * PAGE, 8);
  const model = (from: number) => [2, 3, 9, 40].find((frame) => frame >= from) ?? Number.POSITIVE_INFINITY;
  for (const from of [0, 1, 2, 3, 4, 9, 10, 40, 41, 3, 41, 0]) expect(ranges.next(from)).toBe(model(from));
  ranges.add('keys', 5 * PAGE, 8);
  expect(ranges.next(4)).toBe(5);
  expect(new ScrubRanges(PAGE).next(0)).toBe(Number.POSITIVE_INFINITY);
  expect(NO_SCRUBBING.next(0)).toBe(Number.POSITIVE_INFINITY);
});

test('overwrites every range and nothing else, however they follow one another', () => {
  const frames = 4;
  const range = fc.tuple(fc.nat(frames * PAGE - 1), fc.integer({ min: 1, max: 300 }), fc.boolean());
  fc.assert(
    fc.property(fc.array(range, { maxLength: 40 }), fc.nat(frames - 1), (all, first) => {
      const ranges = new ScrubRanges(PAGE);
      const model = new Uint8Array((frames + 1) * PAGE);
      let end = 0;
      for (const [anywhere, length, goesOn] of all) {
        const start = goesOn ? Math.min(end, frames * PAGE - 1) : anywhere;
        end = start + length;
        ranges.add('keys', start, length);
        model.fill(SCRUBBED, start, end);
      }
      const pages = new Uint8Array((frames + 1 - first) * PAGE);
      ranges.overwrite(first, pages);
      expect(pages).toEqual(model.subarray(first * PAGE));
      expect(ranges.owners.get('keys') ?? 0).toBe(all.length);
    }),
  );
});
