import { expect, it } from 'vitest';
import { MapPages } from './map_pages.ts';

it('tells a page of the map that was there before', () => {
  const pages = new MapPages(4096);
  const taken = [0x1000, 0x2000, 0x1000, 0x7f_ffff_f000, 0x1000_0000, 0x7f_ffff_f000].map((at) =>
    pages.takes(at),
  );
  expect(taken).toEqual([true, true, false, true, true, false]);
});

it('takes both pieces that begin in one page', () => {
  const pages = new MapPages(4096);
  // Of struct pages of 56 bytes 73 are read at once.
  expect([0, 73 * 56, 2 * 73 * 56].map((at) => pages.takes(at))).toEqual([true, true, true]);
});

it('ends where too little of the map is there', () => {
  const pages = new MapPages(4096, 10);
  pages.takes(0x1000);
  pages.note(true);
  let more = 0;
  for (; !pages.exhausted; more++) {
    if (more % 2 === 0) pages.note(false);
    else pages.takes(0x1000);
  }
  // Those to begin with, seven for the page that is there, and the one that is too many.
  expect(more).toBe(18);
});
