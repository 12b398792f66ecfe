import { expect, it } from 'vitest';
import { MapPages } from './map_pages.ts';

it('tells a page of the map that was there before', () => {
  const pages = new MapPages(4096);
  const taken = [0x1000, 0x2000, 0x1000, 0x7f_ffff_f000, 0x1000_0000, 0x7f_ffff_f000].map((at) =>
    pages.takes(at, 1),
  );
  expect(taken).toEqual([1, 1, 0, 1, 1, 0]);
});

it('takes both pieces that begin in one page', () => {
  const pages = new MapPages(4096);
  // Of struct pages of 56 bytes 73 are read at once.
  expect([0, 73 * 56, 2 * 73 * 56].map((at) => pages.takes(at, 1))).toEqual([1, 1, 1]);
});

it('takes many at once, up to one that was there before', () => {
  const pages = new MapPages(4096);
  pages.takes(0x4_2000, 1);
  expect(pages.takes(0x2_0000, 40)).toBe(0x22);
  expect([0x4_1000, 0x4_2000, 0x4_3000].map((at) => pages.takes(at, 2))).toEqual([0, 0, 2]);
  expect(pages.takes(0x1_0000, 40)).toBe(0x10);
});

it('ends where too little of the map is there', () => {
  const pages = new MapPages(4096, 10);
  pages.takes(0x1000, 1);
  pages.note(true, 1);
  let more = 0;
  for (; !pages.exhausted; more++) {
    if (more % 2 === 0) pages.note(false, 1);
    else pages.takes(0x1000, 1);
  }
  // Those to begin with, seven for the page that is there, and the one that is too many.
  expect(more).toBe(18);
});
