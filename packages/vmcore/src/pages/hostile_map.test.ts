import { describe, expect, it } from 'vitest';
import { flagOf, pageLayoutWith, TYPES_BY_BYTE } from '../../test/page_layouts.ts';
import { smallPages } from '../../test/small_pages.ts';
import { VirtualMemory } from '../arch/virtual_memory.ts';
import { type VirtualAddress, virtualAddress } from '../bytes/address.ts';
import { joinHalves } from '../bytes/cursor.ts';
import { ClassMap } from './class_map.ts';
import { passOverMap } from './map_pass.ts';
import { classAt, type PageClass } from './page_class.ts';
import { PAGE_TYPES, type PageType } from './page_layout.ts';

/** Where the map lies, page after page of it. */
const MAP = 0xffff_ea00_0000_0000n;
const PAGE = 4096;
/** Struct pages in a page of the map. */
const PER_PAGE = 64;
const LAYOUT = pageLayoutWith(TYPES_BY_BYTE, undefined);

const typed = (type: PageType) => ((0xef + PAGE_TYPES.indexOf(type)) << 24) >>> 0;

/** A page of the map: what one page of memory has for 64 struct pages. */
function mapPage(edit: (words: Uint32Array) => void): Uint8Array {
  const words = new Uint32Array(PAGE / 4);
  for (let n = 0; n < PER_PAGE; n++) words.set([0xffff_ffff, 1], n * 16 + LAYOUT.mapcount);
  edit(words);
  return new Uint8Array(words.buffer);
}

/** A machine whose map's pages are those of `frames`, in order; `held` has what the dump holds of them. */
function machine(frames: (index: number) => number, held: ReadonlyMap<number, Uint8Array>) {
  let translated = 0;
  const physical = {
    pageSize: PAGE,
    frameLimit: 2 ** 40,
    page: (frame: number) => held.get(frame) ?? ('excluded' as const),
    nextHeld: () => 2 ** 40,
  };
  const translate = (high: number, low: number) => {
    translated++;
    return frames(Number(joinHalves(high, low) - MAP) / PAGE) * PAGE;
  };
  const memory = new VirtualMemory(physical, smallPages(translate));
  return { physical, memory, translated: () => translated };
}

function pass(of: ReturnType<typeof machine>, frames: number) {
  const classes = new ClassMap();
  const findings: string[] = [];
  const map: VirtualAddress = virtualAddress(MAP);
  const result = passOverMap(of, LAYOUT, [{ first: 0, frames, map }], classes, findings);
  const names = (...at: number[]): PageClass[] => at.map((frame) => classAt(classes.get(frame)).name);
  return { ...result, classes, findings, names };
}

const slabs = mapPage((words) => {
  for (let n = 0; n < PER_PAGE; n++) words[n * 16 + LAYOUT.mapcount] = typed('slab');
});

describe('a page of the memory map that comes again', () => {
  it('says nothing of the frames that it comes again for', () => {
    const of = machine((index) => [5, 6, 5][index] ?? 7, new Map([5, 6, 7].map((frame) => [frame, slabs])));
    const { names, findings, slabs: found, mapRuns } = pass(of, 4 * PER_PAGE);
    expect(names(0, 64, 127, 128, 191, 192)).toEqual([
      'slab',
      'slab',
      'slab',
      'unidentified',
      'unidentified',
      'slab',
    ]);
    expect(findings).toEqual(['64 page frames are described by the struct pages of others, and not kept']);
    expect(found.frames).toHaveLength(3 * PER_PAGE);
    expect(mapRuns).toEqual([
      { start: 5, end: 7, describes: 0 },
      { start: 7, end: 8, describes: 3 * PER_PAGE },
    ]);
  });

  it('is as it should be in a block of hugetlb, whose tails share theirs', () => {
    const head = mapPage((words) => {
      words[0] = flagOf('PG_head');
      words[LAYOUT.mapcount] = typed('hugetlb');
      words[LAYOUT.order.word] = 9;
      for (let n = 1; n < PER_PAGE; n++) words[n * 16 + LAYOUT.compound] = Number(MAP & 0xffff_ffffn) | 1;
    });
    // Eight pages of the map, one page of memory; then what is behind the huge page.
    const of = machine(
      (index) => (index < 8 ? 5 : 6),
      new Map([
        [5, head],
        [6, slabs],
      ]),
    );
    const { names, findings } = pass(of, 9 * PER_PAGE);
    expect(names(0, 64, 511, 512)).toEqual(['hugetlb', 'hugetlb', 'hugetlb', 'slab']);
    expect(findings).toEqual([]);
  });
});

describe('a memory map that claims more than there is', () => {
  // Page tables that lead back to themselves map any amount of addresses to one page.
  it('ends, and what it ends before is not kept', () => {
    const of = machine(() => 5, new Map([[5, slabs]]));
    const { names, findings, classes } = pass(of, 2 ** 34);
    expect(of.translated()).toBeLessThan(2 ** 20);
    expect(names(0, 64, 2 ** 27, 2 ** 33)).toEqual(['slab', 'unidentified', 'none', 'none']);
    expect(classes.limit).toBeLessThanOrEqual(2 ** 25 + 2 ** 15);
    expect(findings.at(-1)).toMatch(/^The memory map claims far more than the dump holds of it/);
  });

  it('ends where it lies in memory that the dump lacks', () => {
    const of = machine((index) => index, new Map([[0, slabs]]));
    const { findings } = pass(of, 2 ** 34);
    expect(of.translated()).toBeLessThan(1.1 * 2 ** 20);
    expect(findings).toHaveLength(2);
  });
});
