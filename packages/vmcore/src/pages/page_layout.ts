import { DumpError } from '../bytes/errors.ts';
import type { Types } from '../describe/types.ts';
import type { Dump } from '../dump.ts';

/** What `page_type` says of a page. */
export type PageType =
  | 'none'
  | 'buddy'
  | 'offline'
  | 'table'
  | 'hugetlb'
  | 'slab'
  | 'zsmalloc'
  | 'unaccepted'
  | 'large_kmalloc';

/** The types in the order of their numbers in a pass over the memory map. */
export const PAGE_TYPES: readonly PageType[] = [
  'none',
  'buddy',
  'offline',
  'table',
  'hugetlb',
  'slab',
  'zsmalloc',
  'unaccepted',
  'large_kmalloc',
];

/** How this kernel describes a page: C `struct page`. Offsets in 32-bit words, flags as bits of the low word. */
export interface PageLayout {
  /** Bytes of a `struct page`. */
  readonly size: number;
  readonly flags: number;
  readonly compound: number;
  readonly mapping: number;
  readonly private: number;
  readonly mapcount: number;
  readonly refcount: number;
  /** Of `pp_magic`, which marks pages of a `page_pool`. */
  readonly poolMagic: number | undefined;
  /** Mask of a flag; 0 for one that this kernel does not have. */
  readonly bit: (name: string) => number;
  /** Order of a compound page from the words of its head's struct page and the next. */
  readonly order: { readonly word: number; readonly shift: number };
  /** How hugetlb's blocks were marked before they had a type: a byte of the second page, and its value. */
  readonly hugetlb: { readonly word: number; readonly mask: number; readonly value: number } | undefined;
  readonly types: PageTypeTable;
}

/** How the word `page_type` tells the index in `PAGE_TYPES`: by its highest byte, or by a bit that is cleared in it. */
export type PageTypeTable =
  | { readonly bytes: Uint8Array }
  /** `base` is set in every word that is a type. */
  | { readonly base: number; readonly bits: readonly (readonly [bit: number, type: number])[] };

/** The function from the word `page_type` to the index in `PAGE_TYPES`. */
export function typeReader(table: PageTypeTable): (word: number) => number {
  if ('bytes' in table) {
    const { bytes } = table;
    return (word) => bytes[word >>> 24] as number;
  }
  const { base, bits } = table;
  return (word) => {
    if (word === 0xffff_ffff || (word & base) >>> 0 !== base) return 0;
    for (const [bit, type] of bits) if ((word & bit) === 0) return type;
    return 0;
  };
}

/** A struct page is 64 bytes, and some more with what debugging adds. */
const MOST_STRUCT = 512;

/** Reads the layout from BTF, and from VMCOREINFO what BTF lacks. Throws `not-described`. */
export function pageLayout(dump: Dump): PageLayout {
  const { types } = dump;
  const word = (path: string) => wordOffset(types, path);
  return {
    size: structSize(types),
    flags: word('flags'),
    // Renamed in 7.0, when it became a mask for kernels whose struct page is a power of two.
    compound: types.has('page', 'compound_head') ? word('compound_head') : word('compound_info'),
    mapping: word('mapping'),
    private: word('private'),
    mapcount: word('_mapcount'),
    refcount: word('_refcount'),
    poolMagic: types.has('page', 'pp_magic') ? word('pp_magic') : undefined,
    bit: (name) => flagMask(dump, name),
    order: orderPlace(types),
    hugetlb: hugetlbMark(dump),
    types: pageTypes(dump),
  };
}

/** A pass over the memory map goes by it: none, or more than a page of it, would have no end. */
function structSize(types: Types): number {
  const size = types.sizeof('struct page');
  if (size >= 8 && size <= MOST_STRUCT && size % 8 === 0) return size;
  throw new DumpError('bad-format', `BTF has a struct page of ${size} bytes: wanted 8 to ${MOST_STRUCT}`);
}

function wordOffset(types: Types, path: string): number {
  return types.offsetof('page', path) / 4;
}

/** All flags that are asked for lie in the low word: the high one has node and zone. */
function flagMask(dump: Dump, name: string): number {
  const told = dump.types.findEnumerator('pageflags', name) ?? dump.vmcoreinfo.findNumber(name);
  if (told === undefined) return 0;
  const bit = Number(told);
  if (bit >= 0 && bit < 32) return (1 << bit) >>> 0;
  throw new DumpError('unsupported', `${name} is bit ${bit} of page flags: wanted one of the low 32`, {
    name,
  });
}

function orderPlace(types: Types): PageLayout['order'] {
  const size = types.sizeof('struct page');
  // A byte of the second page until 6.6, then the low byte of its flags (ebc1baf5c9b4).
  const byte = types.has('page', 'compound_order')
    ? size + types.offsetof('page', 'compound_order')
    : types.has('folio', '_folio_order')
      ? types.offsetof('folio', '_folio_order')
      : size + types.offsetof('page', 'flags');
  return { word: Math.floor(byte / 4), shift: (byte % 4) * 8 };
}

function hugetlbMark(dump: Dump): PageLayout['hugetlb'] {
  const { types, vmcoreinfo } = dump;
  const size = types.sizeof('struct page');
  // A bit of the second page's flags from 6.6 (9c5ccf2db04b) to 6.8, a destructor's number before.
  const flag = types.findEnumerator('pageflags', 'PG_hugetlb');
  if (flag !== undefined && flag < 32) {
    const mask = (1 << flag) >>> 0;
    return { word: (size + types.offsetof('page', 'flags')) / 4, mask, value: mask };
  }
  const dtor = vmcoreinfo.findNumber('HUGETLB_PAGE_DTOR');
  const at = types.has('page', 'compound_dtor')
    ? size + types.offsetof('page', 'compound_dtor')
    : types.has('folio', '_folio_dtor')
      ? types.offsetof('folio', '_folio_dtor')
      : undefined;
  if (dtor === undefined || at === undefined) return undefined;
  const shift = (at % 4) * 8;
  return { word: Math.floor(at / 4), mask: (0xff << shift) >>> 0, value: (Number(dtor) << shift) >>> 0 };
}

/** Names in `enum pagetype`, and in VMCOREINFO for kernels that have no such enum. */
const TYPE_NAMES: readonly [PageType, string][] = [
  ['buddy', 'BUDDY'],
  ['offline', 'OFFLINE'],
  ['table', 'TABLE'],
  ['hugetlb', 'HUGETLB'],
  ['slab', 'SLAB'],
  ['zsmalloc', 'ZSMALLOC'],
  ['unaccepted', 'UNACCEPTED'],
  ['large_kmalloc', 'LARGE_KMALLOC'],
];

/**
 * `page_type`: the highest byte since 6.12 (4ffca5a96678); before, bits that are cleared in a word whose highest
 * ones are set.
 */
function pageTypes(dump: Dump): PageTypeTable {
  const { types } = dump;
  // Until 6.10 there is no such enum, and to find that out all of the BTF would be read.
  if (dump.vmcoreinfo.findNumber('PAGE_BUDDY_MAPCOUNT_VALUE') === EARLY_BUDDY) return typeBits(dump, false);
  const bytes = new Uint8Array(256);
  let found = false;
  for (const [type, name] of TYPE_NAMES) {
    const value = types.findEnumerator('pagetype', `PGTY_${name.toLowerCase()}`);
    if (value === undefined || value > 255) continue;
    bytes[value] = PAGE_TYPES.indexOf(type);
    found = true;
  }
  if (found) return { bytes };
  return typeBits(dump, true);
}

/** `~PG_buddy` as it was from 4.18 to 6.10. */
const EARLY_BUDDY = -129n;

function typeBits(dump: Dump, hasEnum: boolean): PageTypeTable {
  const bits: [number, number][] = [];
  let base = 0xf000_0000;
  for (const [type, name] of TYPE_NAMES) {
    // An enum in 6.11, when the base was one bit.
    const inEnum = hasEnum ? dump.types.findEnumerator('pagetype', `PG_${name.toLowerCase()}`) : undefined;
    const told = dump.vmcoreinfo.findNumber(`PAGE_${name}_MAPCOUNT_VALUE`);
    if (inEnum !== undefined) base = 0x8000_0000;
    const bit = inEnum ?? (told === undefined ? undefined : ~Number(BigInt.asIntN(32, told)) >>> 0);
    if (bit !== undefined) bits.push([bit, PAGE_TYPES.indexOf(type)]);
  }
  return { base, bits };
}
