/**
 * Loops over whole tables of a kernel, hundreds of thousands of turns each, which a platform may have compiled: an
 * engine that has just started runs them ten times slower. What they see must lie in `room`; each does what the
 * TypeScript beside its caller does.
 */
export interface TableLoops {
  /** So many bytes that the loops see, zero at first; undefined where there is no room left. */
  room(bytes: number): Uint8Array<ArrayBuffer> | undefined;
  /** Whether the loops see these bytes. */
  sees(bytes: ArrayBufferView): boolean;
  /**
   * Enters where BTF types start into `starts`, from word `walk[0]` on, before which there are `walk[1]` types; both go
   * on, to the first type that does not begin before `stop`. False at one of an unknown kind. `sizes` has for each of
   * 128 kinds the words behind `struct btf_type`, below zero for unknown, then for each the words of an item.
   */
  walkTypes(
    walk: Int32Array,
    words: Uint32Array,
    stop: number,
    sizes: Int16Array,
    starts: Uint32Array,
  ): boolean;
  /** Makes the function that enters types `[first, end)` by their names, as far as the names are there to read. Undefined where there is no room left. */
  typeNames(tables: TypeNameTables): ((first: number, end: number) => number) | undefined;
  /** The first place of `[from, end)` whose class is wanted, or with `not` whose is not; `end` where there is none. */
  nextClass(classes: Uint8Array, from: number, end: number, wanted: Uint8Array, not: boolean): number;
  /** Adds to each of 256 counts how often that class comes. */
  countClasses(classes: Uint8Array, counts: Uint32Array): void;
  /**
   * Puts the addresses that the entries `[first, end)` of a page table point to into `found`, but for those of large
   * pages where they are skipped. Returns how many there are.
   */
  tableEntries(
    page: Uint8Array,
    first: number,
    end: number,
    mask: readonly [high: number, low: number],
    skipLarge: boolean,
    found: Float64Array,
  ): number;
  /** Makes the function that goes over struct pages; see `compiledPass`. Undefined where there is no room left. */
  structPages(tables: StructPageTables): StructPagePass | undefined;
  /**
   * Makes the function that looks through words for addresses of blocks of pages and of their struct pages, and notes
   * in `kinds` what it finds. Undefined where there is no room left.
   */
  search(tables: PageSearchTables): ((words: Uint8Array) => void) | undefined;
  /**
   * Enters kallsyms' names by their hashes, from place `walk[0]` and number `walk[1]` on while those are under `stop`
   * and `count`; both go on. False at a name that is empty or ends past `size`.
   */
  enterNames(
    walk: Int32Array,
    names: Uint8Array,
    stop: number,
    size: number,
    count: number,
    tables: SymbolNameTables,
  ): boolean;
}

/** What `typeNames` works on. */
export interface TypeNameTables {
  readonly words: Uint32Array;
  /** Word at which each type starts. */
  readonly starts: Uint32Array;
  /** 1 for each kind that is entered. */
  readonly kinds: Uint8Array;
  /** The string section. */
  readonly strings: Uint8Array;
  /** 1 for each page that is present, from the one on in which the strings begin, `skew` bytes into it. */
  readonly present: Uint8Array;
  readonly skew: number;
  /** The chained hash table: first and last of each bucket, and what follows each type; -1 for none. */
  readonly heads: Int32Array;
  readonly tails: Int32Array;
  readonly next: Int32Array;
}

/** What `structPages` makes; `blockEnd` counts from the first of the pages, `headLow` is undefined for free ones. */
export type StructPagePass = (
  pages: Uint8Array,
  n: number,
  count: number,
  classes: Uint8Array,
  blockEnd: number,
  blockClass: number,
  headLow: number | undefined,
) => number;

/** How this kernel's struct pages tell classes. Places in them are in bytes, flags in their low word. */
export interface StructPageTables {
  readonly size: number;
  readonly flags: number;
  readonly compound: number;
  readonly mapping: number;
  readonly mapcount: number;
  readonly refcount: number;
  readonly pool: number | undefined;
  readonly bits: Readonly<Record<'reserved' | 'special' | 'taken' | 'private' | 'backed' | 'lru', number>>;
  /** The class for each highest byte of `page_type`, or for each bit that is cleared in it; 0 for none. */
  readonly types:
    | { readonly bytes: Uint8Array }
    | { readonly base: number; readonly bits: readonly (readonly [mask: number, value: number])[] };
  readonly classes: Readonly<
    Record<
      | 'reserved'
      | 'anonymous'
      | 'movable'
      | 'shared'
      | 'privateCache'
      | 'cache'
      | 'socket'
      | 'mapped'
      | 'free'
      | 'slab'
      | 'unidentified',
      number
    >
  >;
}

/** What `search` works on. */
export interface PageSearchTables {
  /** The kernel's map of all memory. */
  readonly direct: { readonly base: bigint; readonly length: number };
  readonly pageSize: number;
  /** Bytes of a struct page. */
  readonly structBytes: number;
  /** Parts of the memory map, and the frame that each describes first. */
  readonly parts: readonly { readonly base: bigint; readonly length: number; readonly first: number }[];
  /** `BLOCK_HEAD` and the rest of each frame. */
  readonly kinds: Uint8Array;
}

/** Of a frame in `PageSearchTables.kinds`: it is the first of a block; it is in a block. */
export const BLOCK_HEAD = 1;
export const BLOCK_PAGE = 2;
/** Found: its address, if it is a block's first; its struct page. */
export const BY_ADDRESS = 4;
export const BY_PAGE = 8;

/** What `enterNames` works on. */
export interface SymbolNameTables {
  /** Of each of 256 tokens its hash, then of each 31 to the power of its length, then of each its hash but for the first letter. */
  readonly tokens: Int32Array;
  readonly heads: Int32Array;
  readonly next: Int32Array;
}

/** `room`, or where there is none, memory that the loops do not see. */
export function roomOr(loops: TableLoops | undefined, bytes: number): Uint8Array<ArrayBuffer> {
  return loops?.room(bytes) ?? new Uint8Array(bytes);
}

/** The same for 32-bit numbers. */
export function numbersOr(loops: TableLoops | undefined, count: number): Int32Array<ArrayBuffer> {
  const { buffer, byteOffset } = roomOr(loops, count * 4);
  return new Int32Array(buffer, byteOffset, count);
}

/** The loops, if they see all of these. */
export function ifSeen(loops: TableLoops | undefined, ...all: ArrayBufferView[]): TableLoops | undefined {
  return loops && all.every((bytes) => loops.sees(bytes)) ? loops : undefined;
}
