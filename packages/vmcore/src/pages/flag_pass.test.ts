import { describe, expect, test } from 'vitest';
import { flagOf, pageLayoutWith, TYPES_BY_BYTE } from '../../test/page_layouts.ts';
import { ClassMap } from './class_map.ts';
import { FlagPass } from './flag_pass.ts';
import { classAt } from './page_class.ts';
import { PAGE_TYPES, type PageType } from './page_layout.ts';

const LAYOUT = pageLayoutWith(TYPES_BY_BYTE, 2);
/** Where the first struct page lies, by its low half. */
const LOW = 0x8000;

interface TestPage {
  readonly flags?: number;
  readonly mapping?: readonly [low: number, high: number];
  readonly mapcount?: number;
  readonly type?: PageType;
  readonly private?: number;
  readonly refcount?: number;
  /** Number of the page that heads the block. */
  readonly headedBy?: number;
  /** In the second page of a block. */
  readonly order?: number;
  readonly poolMagic?: readonly [low: number, high: number];
}

function classesOf(pages: readonly TestPage[]) {
  const words = new Uint32Array(pages.length * 16);
  for (const [n, page] of pages.entries()) {
    const at = n * 16;
    const type = page.type === undefined ? undefined : (0xf0 + PAGE_TYPES.indexOf(page.type) - 1) * 2 ** 24;
    words[at] = page.order ?? page.flags ?? 0;
    if (page.headedBy !== undefined) words.set([LOW + page.headedBy * 64 + 1, 0xffea_0000], at + 2);
    if (page.poolMagic !== undefined) words.set(page.poolMagic, at + 2);
    words.set(page.mapping ?? [0, 0], at + 6);
    words[at + 10] = page.private ?? 0;
    words[at + 12] = type ?? page.mapcount ?? 0xffff_ffff;
    words[at + 13] = page.refcount ?? 1;
  }
  const classes = new ClassMap();
  classes.cover(0);
  const findings: string[] = [];
  const pass = new FlagPass(LAYOUT, classes, findings);
  pass.take(words, 0, pages.length, LOW, 2 ** 15);
  pass.finish();
  const names = pages.map((_, n) => classAt(classes.get(n)).name);
  return { names, findings, slabs: pass.slabs, unnamed: pass.unnamed };
}

const flag = (...names: string[]) => names.reduce((flags, name) => flags | flagOf(name), 0);
/** The pages `[1, 2^order)` of a block headed by page `head`. */
const tails = (head: number, order: number): TestPage[] =>
  Array.from({ length: 2 ** order - 1 }, (_, n) => ({ headedBy: head, ...(n === 0 ? { order } : {}) }));

const MAPPING = [0x1000, 0xff11_0000] as const;

describe('a page on its own', () => {
  test.each<[string, TestPage]>([
    ['reserved', { flags: flag('PG_reserved') }],
    ['poisoned', { flags: flag('PG_hwpoison', 'PG_reserved') }],
    ['page cache', { mapping: MAPPING, flags: flag('PG_lru') }],
    ['page cache, private', { mapping: MAPPING, flags: flag('PG_private') }],
    // Not yet on a list of the LRU, as while a CPU gathers some.
    ['shared memory', { mapping: MAPPING, flags: flag('PG_swapbacked') }],
    ['anonymous', { mapping: [0x1001, 0xff11_0000], flags: flag('PG_swapbacked') }],
    ['anonymous', { mapping: [0x1003, 0xff11_0000] }],
    ['anonymous', { flags: flag('PG_swapbacked') }],
    ['movable', { mapping: [0x1002, 0xff11_0000] }],
    ['movable', { type: 'zsmalloc' }],
    ['page cache', { flags: flag('PG_lru') }],
    ['page table', { type: 'table' }],
    ['offline', { type: 'offline' }],
    ['offline', { type: 'unaccepted' }],
    ['mapped by users', { mapcount: 0 }],
    ['socket payload', { poolMagic: [0x42, 0xdead_0000] }],
    ['unidentified', {}],
  ])('%s: %o', (name, page) => {
    expect(classesOf([page])).toMatchObject({ names: [name], findings: [] });
  });

  test('a slab is one although its mapping reads as that of anonymous memory', () => {
    const { names, slabs } = classesOf([{ type: 'slab', mapping: [1, 0xdead_0000] }]);
    expect(names).toEqual(['slab']);
    expect(slabs).toEqual({ frames: [0], orders: [0] });
  });

  test('a page that nothing names is a candidate while it has one reference', () => {
    expect(classesOf([{}, { refcount: 0 }, { refcount: 2 }]).unnamed).toEqual({ frames: [0], orders: [0] });
  });
});

describe('a block of pages', () => {
  test('is all of its head’s class: every tail of a huge page', () => {
    const head = { flags: flag('PG_head', 'PG_swapbacked'), mapping: [0x1001, 0xff11_0000] as const };
    const { names, findings } = classesOf([head, ...tails(0, 2), {}]);
    expect(names).toEqual([...Array(4).fill('huge anonymous'), 'unidentified']);
    expect(findings).toEqual([]);
  });

  test('of slab pages is told once, with its order', () => {
    const { names, slabs } = classesOf([{}, {}, { type: 'slab', flags: flag('PG_head') }, ...tails(2, 1)]);
    expect(names.slice(2)).toEqual(['slab', 'slab']);
    expect(slabs).toEqual({ frames: [2], orders: [1] });
  });

  test('of free pages has tails that say nothing', () => {
    const { names, findings } = classesOf([{ type: 'buddy', private: 2, refcount: 0 }, {}, {}, {}, {}]);
    expect(names).toEqual(['free', 'free', 'free', 'free', 'unidentified']);
    expect(findings).toEqual([]);
  });
});

describe('a memory map that cannot be', () => {
  test('an absurd order makes a block of one page', () => {
    const { names, findings } = classesOf([{ type: 'buddy', private: 0xffff_fff0 }, { type: 'slab' }]);
    expect(names).toEqual(['free', 'slab']);
    expect(findings).toEqual(['At frame 0x0 begins a block of an order that cannot be']);
  });

  test('a block that is not aligned is none', () => {
    const { names, findings } = classesOf([{}, { type: 'buddy', private: 1 }, { type: 'table' }]);
    expect(names).toEqual(['unidentified', 'free', 'page table']);
    expect(findings).toHaveLength(1);
  });

  test('a slab inside of free pages ends them', () => {
    const free = { type: 'buddy', private: 2 } as const;
    const { names, findings } = classesOf([free, {}, { type: 'slab' }, { flags: flag('PG_reserved') }]);
    expect(names).toEqual(['free', 'free', 'slab', 'reserved']);
    expect(findings).toEqual(['At frame 0x2 a block of pages is broken by one that does not belong to it']);
  });

  test('a tail of another block, or of none, is not identified', () => {
    const { names, findings, slabs } = classesOf([
      { type: 'slab', flags: flag('PG_head') },
      { headedBy: 0, order: 2 },
      { headedBy: 7 },
      { headedBy: 0 },
    ]);
    expect(names).toEqual(['slab', 'slab', 'unidentified', 'unidentified']);
    // The block ends there for whoever looks for its objects.
    expect(slabs).toEqual({ frames: [0], orders: [1] });
    expect(findings).toHaveLength(3);
  });

  test('findings of one kind are counted after the third', () => {
    const { findings } = classesOf(Array.from({ length: 10 }, () => ({ headedBy: 4000 })));
    expect(findings).toHaveLength(4);
    expect(findings[3]).toBe('7 more: there is a tail of no block');
  });
});
