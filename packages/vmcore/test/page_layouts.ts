import type { PageLayout } from '../src/pages/page_layout.ts';

/** Flags of pages as masks, as a kernel may number them. */
const FLAGS: Readonly<Record<string, number>> = {
  PG_lru: 1 << 5,
  PG_head: 1 << 6,
  PG_slab: 1 << 9,
  PG_reserved: 1 << 12,
  PG_private: 1 << 13,
  PG_swapbacked: 1 << 17,
  PG_hwpoison: 1 << 20,
};

/** Mask of a flag; 0 for one that this kernel does not have. */
export const flagOf = (name: string): number => FLAGS[name] ?? 0;

/** Types in the highest byte of `page_type`, as since 6.12: `PAGE_TYPES[1]` is 0xf0. */
export const TYPES_BY_BYTE: PageLayout['types'] = {
  bytes: Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0xf0 && byte < 0xf8 ? byte - 0xef : 0)),
};

/** A `struct page` of 64 bytes. */
export function pageLayoutWith(types: PageLayout['types'], poolMagic: number | undefined): PageLayout {
  return {
    size: 64,
    flags: 0,
    compound: 2,
    mapping: 6,
    private: 10,
    mapcount: 12,
    refcount: 13,
    poolMagic,
    bit: flagOf,
    order: { word: 16, shift: 0 },
    hugetlb: undefined,
    types,
  };
}
