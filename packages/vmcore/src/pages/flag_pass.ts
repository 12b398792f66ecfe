import type { Frame } from '../bytes/address.ts';
import type { TableLoops } from '../describe/table_loops.ts';
import type { ClassMap } from './class_map.ts';
import { type CompiledPass, compiledPass } from './compiled_pass.ts';
import { classIndex } from './page_class.ts';
import { PAGE_TYPES, type PageLayout, type PageType, typeReader } from './page_layout.ts';

/** Page frames with the order of the block that each begins. */
export interface Blocks {
  readonly frames: number[];
  readonly orders: number[];
}

/** Largest block: 1 GB, a huge page. */
const MOST_ORDER = 18;
/** Findings of one kind that are told one by one. */
const MOST_TOLD = 3;

const BLOCK_PAGE = classIndex('page cache');
const PRIVATE = classIndex('page cache, private');
const SHARED = classIndex('shared memory');
const ANONYMOUS = classIndex('anonymous');
const HUGE = classIndex('huge anonymous');
const HUGETLB = classIndex('hugetlb');
const MOVABLE = classIndex('movable');
const FREE = classIndex('free');
const RESERVED = classIndex('reserved');
const SLAB = classIndex('slab');
const TABLE = classIndex('page table');
const LARGE_KMALLOC = classIndex('large kmalloc');
const OFFLINE = classIndex('offline');
const POISONED = classIndex('poisoned');
const MAPPED = classIndex('mapped by users');
const SOCKET = classIndex('socket payload');
const UNIDENTIFIED = classIndex('unidentified');

/** The class that a page type alone gives; 0 for one that gives none. */
const CLASS_OF_TYPE: Readonly<Record<PageType, number>> = {
  none: 0,
  buddy: FREE,
  offline: OFFLINE,
  table: TABLE,
  hugetlb: HUGETLB,
  slab: SLAB,
  zsmalloc: MOVABLE,
  unaccepted: OFFLINE,
  large_kmalloc: LARGE_KMALLOC,
};

/** The classes that flags and `page.mapping` give. */
const CLASSES_OF_FLAGS = {
  reserved: RESERVED,
  anonymous: ANONYMOUS,
  movable: MOVABLE,
  shared: SHARED,
  privateCache: PRIVATE,
  cache: BLOCK_PAGE,
  socket: SOCKET,
  mapped: MAPPED,
  free: FREE,
  slab: SLAB,
  unidentified: UNIDENTIFIED,
};

/** Bits of `page.mapping` (C `PAGE_MAPPING_ANON`, `PAGE_MAPPING_MOVABLE`). */
const MAPPING_ANON = 1;
const MAPPING_MOVABLE = 2;
/** `PP_SIGNATURE`: `POISON_POINTER_DELTA` of x86_64 and 0x40; the lowest two bits are the pool's own. */
const POOL_HIGH = 0xdead_0000;
const POOL_LOW = 0x40;

/** Classifies page frames by what their struct pages say, block by block, in ascending order. */
export class FlagPass {
  readonly slabs: Blocks = { frames: [], orders: [] };
  readonly unnamed: Blocks = { frames: [], orders: [] };
  readonly #layout: PageLayout;
  readonly #classes: ClassMap;
  readonly #findings: string[];
  readonly #bits: Readonly<
    Record<'poison' | 'reserved' | 'slab' | 'head' | 'private' | 'backed' | 'lru', number>
  >;
  readonly #classOfType = Uint8Array.from(PAGE_TYPES, (type) => CLASS_OF_TYPE[type]);
  readonly #told = new Map<string, number>();
  readonly #typeOf: (word: number) => number;
  readonly #compiled: CompiledPass | undefined;
  /** The block that is being passed: one past its last frame, and its class. */
  #blockEnd: Frame = 0;
  #blockClass = 0;
  /** Low half of its head's address with bit 0, as its tails have it; undefined in a block of free pages. */
  #headLow: number | undefined;

  /** `loops`: what the platform has compiled. */
  constructor(layout: PageLayout, classes: ClassMap, findings: string[], loops?: TableLoops) {
    this.#layout = layout;
    this.#typeOf = typeReader(layout.types);
    this.#compiled = loops && compiledPass(layout, CLASSES_OF_FLAGS, this.#classOfType, loops);
    this.#classes = classes;
    this.#findings = findings;
    const { bit } = layout;
    this.#bits = {
      poison: bit('PG_hwpoison'),
      reserved: bit('PG_reserved'),
      slab: bit('PG_slab'),
      head: bit('PG_head'),
      private: (bit('PG_private') | bit('PG_private_2')) >>> 0,
      backed: bit('PG_swapbacked'),
      lru: bit('PG_lru'),
    };
  }

  /**
   * Takes the struct pages of consecutive frames. `low` is the low half of the first one's address. A block never
   * runs from one section into the next of another place, so `limit` ends all blocks.
   */
  take(words: Uint32Array, first: Frame, count: number, low: number, limit: Frame): void {
    const { size, flags, mapcount } = this.#layout;
    const step = size / 4;
    const pass = this.#compiled?.take(words, this.#classes.from(first, count));
    for (let n = 0; n < count; ) {
      if (pass !== undefined) {
        n = pass(n, count, this.#blockEnd - first, this.#blockClass, this.#headLow);
        if (n === count) return;
      }
      const frame = first + n;
      if (frame < this.#blockEnd) {
        const stop = Math.min(this.#blockEnd - first, count);
        n = this.#headLow === undefined ? this.#passFree(words, n, stop) : this.#passTails(words, n, stop);
        if (n < stop) this.#breakBlock(first + n);
        continue;
      }
      // The compiled loop passes them too.
      const next = pass === undefined ? this.#passReserved(words, n, count, first) : n;
      if (next > n) {
        n = next;
        continue;
      }
      const at = n * step;
      const type = this.#typeOf(words[at + mapcount] as number);
      this.#head(words, at, frame, words[at + flags] as number, type, (low + n * size) >>> 0, limit);
      n++;
    }
  }

  /**
   * Passes frames whose struct pages are others' too, and says of how many that tells nothing. The kernel shares them
   * in blocks of hugetlb only; elsewhere each of them may be another's.
   */
  passShared(first: Frame, count: number): number {
    const inBlock = this.#blockClass === HUGETLB ? Math.min(Math.max(this.#blockEnd - first, 0), count) : 0;
    if (inBlock === 0 && first < this.#blockEnd) this.#cutBlock(first);
    this.#classes.fill(first + inBlock, first + count, UNIDENTIFIED);
    return count - inBlock;
  }

  /** Says how often each finding was made beyond those told. */
  finish(): void {
    for (const [what, times] of this.#told) {
      if (times > MOST_TOLD) this.#findings.push(`${times - MOST_TOLD} more: ${what}`);
    }
  }

  // The three loops below see nearly all pages, and under QuickJS each property that they read costs as much as
  // all else: hence the local constants, and signed words, which stay integers there.

  /** The first page of `[from, stop)` that is no tail of the block. */
  #passTails(words: Uint32Array, from: number, stop: number): number {
    const { compound, size } = this.#layout;
    const step = size / 4;
    const signed = signedWords(words);
    const head = (this.#headLow ?? 0) | 0;
    for (let n = from, at = from * step + compound; n < stop; n++, at += step) {
      // The head's address, or a mask that leads to it.
      const low = signed[at] as number;
      if (low !== head && ((low & 1) === 0 || signed[at + 1] !== -1)) return n;
    }
    return stop;
  }

  /** The first page of `[from, stop)` that cannot be in a block of free pages. */
  #passFree(words: Uint32Array, from: number, stop: number): number {
    const { flags, mapcount, size } = this.#layout;
    const typeOf = this.#typeOf;
    const step = size / 4;
    const signed = signedWords(words);
    const taken = this.#bits.reserved | this.#bits.slab;
    for (let n = from, at = from * step; n < stop; n++, at += step) {
      if (((signed[at + flags] as number) & taken) !== 0) return n;
      const word = signed[at + mapcount] as number;
      if (word === -1) continue;
      const type = typeOf(word >>> 0);
      if (type !== 0 && this.#classOfType[type] !== this.#blockClass) return n;
    }
    return stop;
  }

  /** Classifies pages that are reserved, and says where the first comes that is not. */
  #passReserved(words: Uint32Array, from: number, stop: number, first: Frame): number {
    const { flags, size } = this.#layout;
    const step = size / 4;
    const signed = signedWords(words);
    const { reserved, poison } = this.#bits;
    const mask = reserved | poison;
    let n = from;
    for (let at = from * step + flags; n < stop && ((signed[at] as number) & mask) === reserved; at += step)
      n++;
    if (n > from) this.#classes.fill(first + from, first + n, RESERVED);
    return n;
  }

  #breakBlock(frame: Frame): void {
    this.#cutBlock(frame);
    this.#tell('a block of pages is broken by one that does not belong to it', frame);
  }

  /** Ends the block before a frame, so that blocks never have a frame in common. */
  #cutBlock(frame: Frame): void {
    for (const { frames, orders } of [this.slabs, this.unnamed]) {
      const last = frames.length - 1;
      const head = frames[last] ?? 0;
      const isThis = last >= 0 && head + 2 ** (orders[last] as number) === this.#blockEnd;
      if (isThis) orders[last] = Math.floor(Math.log2(frame - head));
    }
    this.#blockEnd = frame;
  }

  #tell(what: string, frame: Frame): void {
    const times = (this.#told.get(what) ?? 0) + 1;
    this.#told.set(what, times);
    if (times <= MOST_TOLD) this.#findings.push(`At frame 0x${frame.toString(16)} ${what}`);
  }

  /** A page on its own, or the first of a block. */
  #head(
    words: Uint32Array,
    at: number,
    frame: Frame,
    flags: number,
    type: number,
    low: number,
    limit: Frame,
  ): void {
    const { compound, private: privateAt } = this.#layout;
    const bits = this.#bits;
    if (
      ((words[at + compound] as number) & 1) === 1 &&
      this.#classOfType[type] === 0 &&
      (flags & bits.reserved) === 0
    ) {
      // The tail of a block whose head was not seen. Typed pages use the word for other things.
      this.#tell('there is a tail of no block', frame);
      this.#classes.set(frame, UNIDENTIFIED);
      return;
    }
    let value = this.#classOf(words, at, flags, type);
    let order = 0;
    if (value === FREE && PAGE_TYPES[type] === 'buddy') {
      order = this.#orderOf(words[at + privateAt] as number, frame, limit);
      this.#headLow = undefined;
    } else if ((flags & bits.head) !== 0 && (flags & bits.reserved) === 0) {
      const { order: place, hugetlb, size } = this.#layout;
      // A head lies on an even frame, so that the next struct page is in these words too.
      const told = ((words[at + place.word] ?? 0) >>> place.shift) & 0xff;
      order = this.#orderOf(told, frame, limit);
      const mark = hugetlb === undefined ? 0 : ((words[at + hugetlb.word] ?? 0) & hugetlb.mask) >>> 0;
      if (hugetlb !== undefined && mark === hugetlb.value && size > 0 && value !== SLAB) value = HUGETLB;
      else if (value === ANONYMOUS) value = HUGE;
      this.#headLow = (low | 1) >>> 0;
    }
    this.#blockClass = value;
    this.#blockEnd = frame + 2 ** order;
    if (order === 0) this.#classes.set(frame, value);
    else this.#classes.fill(frame, this.#blockEnd, value);
    if (value === SLAB) push(this.slabs, frame, order);
    else if (value === UNIDENTIFIED && words[at + this.#layout.refcount] === 1)
      push(this.unnamed, frame, order);
  }

  #orderOf(order: number, frame: Frame, limit: Frame): number {
    const pages = 2 ** order;
    if (order <= MOST_ORDER && frame % pages === 0 && frame + pages <= limit) return order;
    this.#tell('begins a block of an order that cannot be', frame);
    return 0;
  }

  #classOf(words: Uint32Array, at: number, flags: number, type: number): number {
    const { mapping, mapcount, poolMagic } = this.#layout;
    const bits = this.#bits;
    if ((flags & bits.poison) !== 0) return POISONED;
    if ((flags & bits.reserved) !== 0) return RESERVED;
    const typed = this.#classOfType[type] as number;
    if (typed !== 0) return typed;
    if ((flags & bits.slab) !== 0) return SLAB;
    const low = words[at + mapping] as number;
    const high = words[at + mapping + 1] as number;
    if ((low & MAPPING_ANON) !== 0) return ANONYMOUS;
    if ((low & MAPPING_MOVABLE) !== 0) return MOVABLE;
    if (low !== 0 || high !== 0) {
      if ((flags & bits.backed) !== 0) return SHARED;
      return (flags & bits.private) !== 0 ? PRIVATE : BLOCK_PAGE;
    }
    if ((flags & bits.backed) !== 0) return ANONYMOUS;
    if ((flags & bits.lru) !== 0) return BLOCK_PAGE;
    if (poolMagic !== undefined && words[at + poolMagic + 1] === POOL_HIGH) {
      if (((words[at + poolMagic] as number) & ~3) === POOL_LOW) return SOCKET;
    }
    // `_mapcount` is -1 for a page that no process maps.
    if ((words[at + mapcount] as number) < 0x8000_0000) return MAPPED;
    return UNIDENTIFIED;
  }
}

function push(blocks: Blocks, frame: Frame, order: number): void {
  blocks.frames.push(frame);
  blocks.orders.push(order);
}

function signedWords(words: Uint32Array): Int32Array {
  return new Int32Array(words.buffer, words.byteOffset, words.length);
}
