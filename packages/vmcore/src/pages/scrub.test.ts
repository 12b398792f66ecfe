import { expect, test } from 'vitest';
import { NO_SCRUBBING, SCRUBBED, ScrubRanges } from './scrub.ts';

const PAGE = 4096;

test('overwrites ranges, also over the seam of two pages, in a copy', () => {
  const ranges = new ScrubRanges(PAGE);
  ranges.add('keys', 3 * PAGE - 2, 5);
  ranges.add('keys', 2 * PAGE + 10, 1);
  ranges.add('socket buffers', 2 * PAGE, 0);
  const page = new Uint8Array(PAGE).fill(7);
  const second = ranges.scrub(2, page);
  expect(page.every((byte) => byte === 7)).toBe(true);
  expect([...second.keys()].filter((at) => second[at] === SCRUBBED)).toEqual([10, PAGE - 2, PAGE - 1]);
  const third = ranges.scrub(3, page);
  expect([...third.keys()].filter((at) => third[at] === SCRUBBED)).toEqual([0, 1, 2]);
  expect(ranges.bytes).toBe(6);
  expect(ranges.owners).toEqual(new Map([['keys', 2]]));
});

test('gives a page back as it is where nothing is to be overwritten', () => {
  const page = new Uint8Array(PAGE);
  expect(new ScrubRanges(PAGE).scrub(0, page)).toBe(page);
  expect(NO_SCRUBBING.scrub(0, page)).toBe(page);
});
