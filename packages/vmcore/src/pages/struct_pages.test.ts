import { expect, it } from 'vitest';
import { FakeDump, FakeMemory } from '../../test/fake_dump.ts';
import { u32 } from '../bytes/cursor.ts';
import type { PageLayout } from './page_layout.ts';
import { StructPages } from './struct_pages.ts';

const FRAMES = 200;
/** Frames of which two sections of the map tell, in another order than they lie in memory. */
const SECTIONS = [
  { first: 1000, frames: 5000, map: 0x10_0000 },
  { first: 0, frames: 900, map: 0x20_0000 },
];

it.each([64, 56, 80])('finds struct pages of %i bytes, in whatever order they are asked for', (size) => {
  const fake = new FakeMemory();
  for (const { first, map } of SECTIONS)
    for (let n = 0; n < FRAMES; n++) fake.number(fake.at(map + n * size), first + n, 4);
  const dump = new FakeDump(fake, {});
  const sections = SECTIONS.map((section) => ({ ...section, map: fake.at(section.map) }));
  const pages = new StructPages({ dump, sections, layout: { size } as PageLayout });
  const numbers = Array.from({ length: FRAMES }, (_, n) => n);
  for (const frame of [...numbers, ...numbers.map((n) => 1000 + ((n * 77) % FRAMES)), 3, 1003, 4]) {
    expect(pages.find(frame)).toBe(true);
    expect(u32(pages.bytes, pages.at)).toBe(frame);
  }
  // Neither what no section has, nor what the dump lacks; and both leave the next as it is.
  for (const absent of [999_999, 1000 + FRAMES + 3900]) {
    expect(pages.find(absent)).toBe(false);
    expect(pages.find(5)).toBe(true);
    expect(u32(pages.bytes, pages.at)).toBe(5);
  }
});
